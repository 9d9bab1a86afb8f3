/** The unit is set up: what the owner must save, and the last click. */
import type { FastifyInstance } from 'fastify';

import { textIn } from '../../contract/texts.ts';
import { visitOf } from '../guard.ts';
import type { Site } from '../site.ts';
import { homeOf } from '../wizard.ts';

export function resultRoutes(app: FastifyInstance, site: Site): void {
  app.get('/result', async (request, reply) => {
    const visit = visitOf(request);
    if (homeOf(visit) !== '/result') return reply.redirect(homeOf(visit), 303);
    const { urls, fingerprint, credentials, authority, warnings, nextSteps, notReady } = await site.ports.helper.call('result', {});
    return site.show(
      request,
      reply,
      visit,
      'result',
      {
        heading: visit.t(notReady.length === 0 ? 'result.heading' : 'result.notReadyHeading'),
        notReady: notReady.map((texts) => textIn(texts, visit.language)),
        urls: urls.map((url) => ({ url, safe: isWeb(url) })),
        fingerprint,
        hasAuthority: authority !== undefined,
        warnings: warnings.map((texts) => textIn(texts, visit.language)),
        nextSteps: nextSteps.map(({ text, link }) => ({ text: textIn(text, visit.language), link: isWeb(link ?? '') ? link : undefined })),
        credentials: credentials.map(({ title, value }) => ({ title: textIn(title, visit.language), value })),
      },
      { path: '/result' },
    );
  });
  app.get('/result/authority', async (request, reply) => {
    const visit = visitOf(request);
    if (homeOf(visit) !== '/result') return reply.redirect(homeOf(visit), 303);
    const { authority } = await site.ports.helper.call('result', {});
    if (authority === undefined) return site.say(request, reply, visit, 'error.notFound', 404);
    const name = visit.status.image.replace(/[^a-z0-9-]/g, '') || 'unit';
    return reply.type('application/x-pem-file').header('content-disposition', `attachment; filename="${name}-ca.pem"`).send(authority);
  });
  app.post('/confirm', async (request, reply) => {
    const visit = visitOf(request);
    if (homeOf(visit) !== '/result') return reply.redirect(homeOf(visit), 303);
    await site.ports.helper.call('confirm', {});
    await site.ports.sessions.end();
    site.statuses.forget();
    const { t } = visit;
    return site.show(request, reply, visit, 'message', { heading: t('closed.heading'), text: t('closed.text') });
  });
}

/** Anything else in a link could be a script. */
function isWeb(url: string): boolean {
  return /^https?:\/\//i.test(url);
}
