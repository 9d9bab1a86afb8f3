/** Stands before all routes that are the owner's: lets in whoever has claimed the unit, and their own forms. */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { Posted } from './body.ts';
import { FORM_TOKEN } from './form/names.ts';
import { formToken, sameText } from './session.ts';
import type { Site, Visit } from './site.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null outside guarded routes. */
    visit: Visit | null;
  }
}

export function guard(app: FastifyInstance, site: Site): void {
  // Before the body is read: strangers do not get to send one.
  app.addHook('onRequest', async (request, reply) => {
    const visit = await site.visit(request);
    if (visit.session !== undefined) request.visit = visit;
    else if (isReading(request)) return reply.redirect('/claim', 303);
    else return site.say(request, reply, visit, 'error.forgery', 403);
  });
  app.addHook('preHandler', async (request, reply) => {
    if (isReading(request)) return;
    const visit = visitOf(request);
    const given = formOf(request).fields.get(FORM_TOKEN)?.at(-1) ?? '';
    if (!sameText(given, formToken(visit.session ?? ''))) return site.say(request, reply, visit, 'error.forgery', 403);
  });
}

function isReading({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** The visit of a request that the guard has let in. */
export function visitOf(request: FastifyRequest): Visit {
  if (request.visit === null) throw new Error('a guarded route was reached without a session');
  return request.visit;
}

/** What was posted; nothing where there was no body. */
export function formOf(request: FastifyRequest): Posted {
  return (request.body as Posted | undefined) ?? { fields: new Map(), files: new Map() };
}
