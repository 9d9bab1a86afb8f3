/**
 * The other end of a network try: whoever opens the one-time link at the new address has reached the unit there, so the network
 * stays, and the session goes on at that address. The old address had a cookie of its own, which ends.
 */
import type { FastifyInstance } from 'fastify';

import { queryOf, type Site } from '../site.ts';

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export function handoverRoutes(app: FastifyInstance, site: Site): void {
  app.get('/handover', async (request, reply) => {
    const visit = await site.visit(request);
    const token = queryOf(request, 'token') ?? '';
    if (!visit.status.claimed || !TOKEN.test(token)) return site.say(request, reply, visit, 'handover.late', 403);
    const { data = {} } = await site.ports.helper.call('check', { section: 'network', check: 'confirm', parameters: { token } });
    if (data['confirmed'] !== true) return site.say(request, reply, visit, 'handover.late', 403);
    return reply.header('set-cookie', await site.ports.sessions.begin()).redirect('/section/network', 303);
  });
}
