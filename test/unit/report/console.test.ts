import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Events } from '../../../builder/kit/events.ts';
import { Secrets } from '../../../builder/kit/secrets.ts';
import { consoleReporter } from '../../../builder/report/console.ts';

let written: string;

beforeEach(() => {
  written = '';
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Events whose listener writes into `written`, and what ends it. */
function reported(isTTY: boolean): { events: Events; close: () => void } {
  const stream = {
    isTTY,
    columns: 80,
    write: (text: string) => {
      written += text;
      return true;
    },
  } as NodeJS.WriteStream;
  const reporter = consoleReporter({ stream, env: { NO_COLOR: '1' }, verbosity: 'normal', secrets: new Secrets() });
  const events = new Events();
  events.listen(reporter.listener);
  return { events, close: reporter.close };
}

it.each([
  ['from earlier runs', 125, '\r\u001b[K… bake 3 s of about 2 min 05 s: booting'],
  ['where there was none', undefined, '\r\u001b[K… bake 3 s: booting'],
])('shows on a terminal the time that passed, and the expected one %s', (_what, expectedSeconds, line) => {
  const { events, close } = reported(true);
  events.emit({ type: 'stage-started', stage: 'bake', id: 'a', ...(expectedSeconds === undefined ? {} : { expectedSeconds }) });
  events.emit({ type: 'progress', message: 'booting' });
  written = '';
  vi.advanceTimersByTime(3000);
  expect(written.endsWith(line)).toBe(true);
  close();
});

it('writes elsewhere a line a stage, with the time of the last run', () => {
  const { events, close } = reported(false);
  events.emit({ type: 'stage-started', stage: 'bake', id: 'a', expectedSeconds: 125 });
  vi.advanceTimersByTime(3000);
  events.emit({ type: 'stage-finished', stage: 'bake', id: 'a', seconds: 130 });
  expect(written).toBe('bake: started (about 2 min 05 s last time)\n✓ bake 2 min 10 s\n');
  close();
});

it('keeps the first of two stages on the line until it ends', () => {
  const { events, close } = reported(true);
  events.emit({ type: 'stage-started', stage: 'disk', id: 'a' });
  events.emit({ type: 'stage-started', stage: 'payload', id: 'b' });
  vi.advanceTimersByTime(1000);
  expect(written.endsWith('… disk 1 s')).toBe(true);
  events.emit({ type: 'stage-finished', stage: 'disk', id: 'a', seconds: 1 });
  expect(written.endsWith('✓ disk 1 s\n\r\u001b[K… payload 1 s')).toBe(true);
  close();
});
