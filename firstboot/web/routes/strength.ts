/** How good a password is, while it is typed: the page's script asks, and has no scale of its own. */
import type { FastifyInstance } from 'fastify';

import { textIn } from '../../contract/texts.ts';
import { adviceFor } from '../../settings/strength.ts';
import { formOf, visitOf } from '../guard.ts';

/** A longer one is good enough. */
const LONGEST = 256;

export function strengthRoutes(app: FastifyInstance): void {
  app.post('/strength', async (request, reply) => {
    const { status, language } = visitOf(request);
    const { fields } = formOf(request);
    const password = (fields.get('password')?.at(-1) ?? '').slice(0, LONGEST);
    // What stands around it is what guessers try first.
    const names = [...(fields.get('near') ?? []), status.hostName, status.image, status.title.en];
    const { message, remedy } = adviceFor(password, names);
    const text = [message, ...(remedy === undefined ? [] : [remedy])].map((texts) => textIn(texts, language)).join(' ');
    return reply.type('text/plain; charset=utf-8').send(text);
  });
}
