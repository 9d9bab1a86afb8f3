/** The claim page: the one-time code from the console against a session. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { formOf } from '../guard.ts';
import type { Site, Visit } from '../site.ts';
import { homeOf } from '../wizard.ts';

/** Bytes: a code and its name. */
const LARGEST_CLAIM = 4096;
/** Characters without the hyphens and blanks that it is shown or typed with. */
const LONGEST_CODE = 64;

export function claimRoutes(app: FastifyInstance, site: Site): void {
  app.get('/claim', async (request, reply) => {
    const visit = await site.visit(request);
    return visit.session === undefined ? claimPage(site, request, reply, visit) : reply.redirect('/', 303);
  });
  app.post('/claim', { bodyLimit: LARGEST_CLAIM }, async (request, reply) => {
    // As it is on disk, not as it was two seconds ago: this is the door.
    site.statuses.forget();
    const visit = await site.visit(request);
    if (isClosed(visit)) return claimPage(site, request, reply, visit, { code: 403 });
    const code = (formOf(request).fields.get('code')?.at(-1) ?? '').replace(/[\s-]/g, '');
    if (code === '' || code.length > LONGEST_CODE)
      return claimPage(site, request, reply, visit, { wrong: visit.t('claim.wrong'), code: 403 });
    const answer = await site.ports.helper.call('claim', { code, from: addressOf(request) });
    if (!answer.ok) return refused(site, request, reply, visit, answer.wait);
    site.statuses.forget();
    return reply.header('set-cookie', await site.ports.sessions.begin()).redirect('/', 303);
  });
}

function refused(site: Site, request: FastifyRequest, reply: FastifyReply, visit: Visit, wait: number): unknown {
  if (wait <= 0) return claimPage(site, request, reply, visit, { wrong: visit.t('claim.wrong'), code: 403 });
  const seconds = Math.ceil(wait);
  reply.header('retry-after', String(seconds));
  return claimPage(site, request, reply, visit, { wrong: visit.t('claim.wait', { seconds }), code: 429 });
}

/** Once the unit is set up it has an owner, and codes that were read before are worth nothing; `unitctl open-setup` makes a new one. */
function isClosed(visit: Visit): boolean {
  return homeOf(visit) === '/result' && visit.status.claimed && visit.session === undefined;
}

function claimPage(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  visit: Visit,
  { wrong, code = 200 }: { wrong?: string; code?: number } = {},
): unknown {
  const { status, t } = visit;
  const data = { heading: t('claim.heading'), claimed: status.claimed, fingerprint: status.fingerprint, closed: isClosed(visit), wrong };
  return site.show(request, reply, visit, 'claim', data, { code, path: '/claim' });
}

/** The caller's address; IPv4 in its own form where the socket serves both. */
function addressOf({ socket }: FastifyRequest): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}
