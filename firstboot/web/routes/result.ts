/** The unit is ready: what the owner must save, and the last click. */
import type { FastifyInstance } from 'fastify';

import { textIn } from '../../contract/texts.ts';
import { visitOf } from '../guard.ts';
import type { Site } from '../site.ts';
import { homeOf } from '../wizard.ts';

export function resultRoutes(app: FastifyInstance, site: Site): void {
  app.get('/result', async (request, reply) => {
    const visit = visitOf(request);
    if (homeOf(visit) !== '/result') return reply.redirect(homeOf(visit), 303);
    const { urls, fingerprint, credentials } = await site.ports.helper.call('result', {});
    return site.show(
      request,
      reply,
      visit,
      'result',
      {
        heading: visit.t('result.heading'),
        urls: urls.map((url) => ({ url, safe: /^https?:\/\//i.test(url) })),
        fingerprint,
        credentials: credentials.map(({ title, value }) => ({ title: textIn(title, visit.language), value })),
      },
      { path: '/result' },
    );
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
