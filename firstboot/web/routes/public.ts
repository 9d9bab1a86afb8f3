/** What anybody may see: health for machines, and what pages are made of. */
import type { FastifyInstance } from 'fastify';

import { coloursCss, readLogo } from '../look.ts';
import css from '../public/setup.css?raw';
import script from '../public/setup.js?raw';
import type { Site } from '../site.ts';

export function publicRoutes(app: FastifyInstance, site: Site): void {
  app.get('/.well-known/unit-health', async () => {
    const { state, image, version } = await site.statuses.get();
    return { state, image, version };
  });
  app.get('/setup.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(css));
  app.get('/setup.js', (_request, reply) => reply.type('text/javascript; charset=utf-8').send(script));
  app.get('/look/colours.css', async (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(coloursCss((await site.statuses.get()).look)),
  );
  app.get('/look/logo', async (_request, reply) => {
    const logo = await readLogo((await site.statuses.get()).look, site.ports.lib);
    if (logo === undefined) return reply.code(404).type('text/plain; charset=utf-8').send('');
    // Opened by itself, an SVG file is a document that could hold scripts.
    const policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
    return reply.header('content-security-policy', policy).type(logo.type).send(logo.data);
  });
}
