/** Apply, and how far it is: by server-sent events (HTML, 9.2), or by the page reloading itself. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { textIn } from '../../contract/texts.ts';
import { visitOf } from '../guard.ts';
import { SECURITY_HEADERS } from '../headers.ts';
import { HelperError } from '../helper-client.ts';
import type { StepProgress } from '../progress.ts';
import type { Site, Visit } from '../site.ts';
import { homeOf, isOpen } from '../wizard.ts';

const RELOAD_SECONDS = 3;
/** A page or two of each who watches. */
const MOST_WATCHERS = 16;
/** Milliseconds in which changes of a step are one. */
const TOGETHER = 200;
/** Milliseconds between comments that keep what lies between from closing the connection. */
const HEARTBEAT = 15_000;

export function applyRoutes(app: FastifyInstance, site: Site): void {
  app.post('/apply', async (request, reply) => {
    const visit = visitOf(request);
    if (isOpen(visit)) await begin(site);
    return showBegun(site, request, reply, visit);
  });
  app.get('/progress', async (request, reply) => {
    const visit = visitOf(request);
    const { state } = visit.status;
    if (homeOf(visit) !== '/progress') return reply.redirect(homeOf(visit), 303);
    await site.progress.follow();
    // A run that is over tells all at once.
    if (state === 'failed') await site.progress.ended();
    return showProgress(site, request, reply, visit);
  });
  let watchers = 0;
  app.get('/progress/events', async (request, reply) => {
    if (watchers >= MOST_WATCHERS) return reply.code(503).send('');
    watchers += 1;
    reply.raw.on('close', () => {
      watchers -= 1;
    });
    watch(site, reply, visitOf(request));
  });
}

async function begin(site: Site): Promise<void> {
  try {
    await site.ports.helper.call('apply', {});
  } catch (error) {
    // Another browser, or unitctl, was faster: this one watches.
    site.statuses.forget();
    if (!(error instanceof HelperError) || (await site.statuses.get()).state !== 'applying') throw error;
  }
  site.statuses.forget();
}

/**
 * The answer goes out by the port that is about to be the product's: a redirect to this port could not be followed, and one
 * to the other port is no answer to a form of ours (`form-action`). It sends the browser on by itself, at once: stylesheet and
 * script may be gone already.
 */
function showBegun(site: Site, request: FastifyRequest, reply: FastifyReply, visit: Visit): unknown {
  const moved = site.laterUrl(request);
  if (moved === undefined) return reply.redirect('/progress', 303);
  reply.header('connection', 'close');
  const data = { heading: visit.t('progress.heading'), moved };
  return site.show(request, reply, visit, 'progress', data, { path: '/progress' });
}

function showProgress(site: Site, request: FastifyRequest, reply: FastifyReply, visit: Visit): unknown {
  const { t } = visit;
  const failed = visit.status.state === 'failed';
  // A run that was cut off has no step that says why.
  const why = site.progress.steps.some(({ state }) => state === 'failed') ? 'progress.failedHeading' : 'progress.stoppedHeading';
  const data = {
    heading: t(failed ? why : 'progress.heading'),
    failed,
    why: t(why),
    live: !failed,
    refresh: failed ? undefined : `${RELOAD_SECONDS};url=/progress`,
    now: nowOf(site, visit) ?? t('progress.begin'),
    progress: site.progress.steps.map((step, index) => stepView(step, index, visit)),
  };
  return site.show(request, reply, visit, 'progress', data, { path: '/progress' });
}

function stepView({ title, state, seconds, reason, texts, log }: StepProgress, index: number, { t, language }: Visit): object {
  return {
    index,
    title: textIn(title, language),
    state,
    stateText: t(`progress.${state}`),
    seconds: seconds === undefined ? undefined : t('progress.seconds', { seconds: seconds.toFixed(1) }),
    reason: texts === undefined ? undefined : textIn(texts, language),
    said: texts === undefined ? reason : undefined,
    // Not "log": handlebars has a helper of that name.
    lines: log.join('\n'),
    failed: state === 'failed',
  };
}

/** The step that runs, in words. */
function nowOf(site: Site, { t, language }: Visit): string | undefined {
  const { steps } = site.progress;
  const index = steps.findIndex(({ state }) => state === 'running');
  const step = steps[index];
  return step && t('progress.count', { index: index + 1, count: steps.length, title: textIn(step.title, language) });
}

/** Sends each step as the page shows it, all at first, then those that change. */
function watch(site: Site, reply: FastifyReply, visit: Visit): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
  raw.write('retry: 2000\n\n');
  const changed = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    timer = undefined;
    for (const index of [...changed].sort((a, b) => a - b)) raw.write(eventOf(site, index, visit));
    changed.clear();
  };
  const everything = (): void => {
    for (const index of site.progress.steps.keys()) changed.add(index);
    flush();
  };
  const heartbeat = setInterval(() => raw.write(':\n\n'), HEARTBEAT);
  const unwatch = site.progress.watch((change) => {
    if (change !== 'all') {
      changed.add(change.step);
      timer ??= setTimeout(flush, TOGETHER);
    } else everything();
  });
  raw.on('close', () => {
    clearInterval(heartbeat);
    clearTimeout(timer);
    unwatch();
  });
  site.progress
    .follow()
    .then(async () => {
      everything();
      await site.progress.ended();
      // Without a last word the browser asks again: the helper went away, the run may go on.
      const { state = 'applying' } = site.progress;
      raw.end(state === 'applying' ? '' : 'event: end\ndata: \n\n');
    })
    .catch(() => raw.end());
}

function eventOf(site: Site, index: number, visit: Visit): string {
  const step = site.progress.steps[index];
  if (step === undefined) return '';
  const html = site.render('progress-step', stepView(step, index, visit), visit.t);
  return `event: step\ndata: ${JSON.stringify({ index, html, text: nowOf(site, visit) })}\n\n`;
}
