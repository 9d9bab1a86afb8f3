/** The setup page as an application: routes and what stands before them. Sockets, signals and TLS are main.ts's. */

import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import Fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';

import { LARGEST_BODY, readForm } from './body.ts';
import { guard } from './guard.ts';
import { SECURITY_HEADERS } from './headers.ts';
import { HelperError, HelperGone, saidBy } from './helper-client.ts';
import { isOwnHost, parseHost } from './host.ts';
import { applyRoutes } from './routes/apply.ts';
import { claimRoutes } from './routes/claim.ts';
import { handoverRoutes } from './routes/handover.ts';
import { publicRoutes } from './routes/public.ts';
import { resultRoutes } from './routes/result.ts';
import { reviewRoutes } from './routes/review.ts';
import { sectionRoutes } from './routes/section.ts';
import { strengthRoutes } from './routes/strength.ts';
import { Site, type SitePorts, unknownVisit } from './site.ts';

export interface App {
  site: Site;
  /** Answers a request, of whichever server. */
  listener: RequestListener;
  close(): Promise<void>;
}

export async function createApp(ports: SitePorts): Promise<App> {
  const site = new Site(ports);
  let listener: RequestListener = () => undefined;
  const app = Fastify({
    logger: false,
    bodyLimit: LARGEST_BODY,
    // Fastify wants one server of its own; ours are several (servers.ts), and this one never listens.
    serverFactory: (handler) => {
      listener = handler as RequestListener;
      return createServer();
    },
    routerOptions: { maxParamLength: 128 },
  });
  app.decorateRequest('visit', null);
  app.removeAllContentTypeParsers();
  for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data']) {
    app.addContentTypeParser(type, (request: FastifyRequest, payload: IncomingMessage) =>
      readForm(payload, request.routeOptions.bodyLimit ?? LARGEST_BODY),
    );
  }
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    const refused = await refusal(site, request);
    if (refused !== undefined) await refuse(site, request, reply, refused);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(site, error, request, reply));
  app.setNotFoundHandler(async (request, reply) => {
    const visit = await site.visit(request);
    // What there is, is nobody's business before the unit is claimed.
    if (visit.session === undefined && request.method === 'GET') return reply.redirect('/claim', 303);
    return site.say(request, reply, visit, 'error.notFound', 404);
  });
  publicRoutes(app, site);
  claimRoutes(app, site);
  handoverRoutes(app, site);
  await app.register(async (guarded) => {
    guard(guarded, site);
    sectionRoutes(guarded, site);
    strengthRoutes(guarded);
    reviewRoutes(guarded, site);
    applyRoutes(guarded, site);
    resultRoutes(guarded, site);
  });
  await app.ready();
  return { site, listener, close: () => app.close() };
}

type Refusal = { code: number; text: 'error.host' | 'error.forgery' };

async function refusal(site: Site, request: FastifyRequest): Promise<Refusal | undefined> {
  const host = parseHost(request.headers.host);
  if (host === undefined) return { code: 421, text: 'error.host' };
  if (!isOwnHost(host, []) && !isOwnHost(host, await site.statuses.names())) return { code: 421, text: 'error.host' };
  return request.method === 'POST' && isFromElsewhere(request) ? { code: 403, text: 'error.forgery' } : undefined;
}

/** A form that another site's page sent (Fetch Metadata; RFC 6454). `null` is what no-referrer makes of our own origin. */
function isFromElsewhere({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  return headers.origin !== undefined && headers.origin !== 'null' && headers.origin !== `https://${headers.host}`;
}

async function refuse(site: Site, request: FastifyRequest, reply: FastifyReply, { code, text }: Refusal): Promise<void> {
  const visit = unknownVisit(request);
  site.show(request, reply, visit, 'message', { heading: visit.t('error.heading'), text: visit.t(text) }, { code });
}

async function answerError(
  site: Site,
  error: Error & { statusCode?: number },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const visit = request.visit ?? (await site.visit(request).catch(() => unknownVisit(request)));
  const { t } = visit;
  const code = statusOf(error);
  if (code === 500) site.ports.log(`${request.method} ${request.routeOptions.url ?? 'unknown'}: ${error.stack ?? error.message}`);
  // The rest of a body that nobody reads must not be taken for the next request.
  if (code === 400 || code === 413 || code === 415) reply.header('connection', 'close');
  const data = error instanceof HelperError ? saidBy(error, visit.language) : { text: t(textOf(code)) };
  return site.show(request, reply, visit, 'message', { heading: t('error.heading'), back: true, ...data }, { code });
}

function statusOf(error: Error & { statusCode?: number }): number {
  if (error instanceof HelperError) return 409;
  if (error instanceof HelperGone) return 503;
  const { statusCode = 500 } = error;
  return statusCode >= 400 && statusCode < 500 ? statusCode : 500;
}

function textOf(code: number): 'error.helper' | 'error.tooLarge' | 'error.body' | 'error.internal' {
  if (code === 503) return 'error.helper';
  if (code === 413) return 'error.tooLarge';
  return code < 500 ? 'error.body' : 'error.internal';
}
