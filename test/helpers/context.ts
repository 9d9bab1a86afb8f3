import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Context } from '../../builder/kit/context.ts';
import { Events, type StampedEvent } from '../../builder/kit/events.ts';

export interface TestContext {
  ctx: Context;
  /** Everything that was emitted, in order. */
  events: StampedEvent[];
  /** Cancels like Ctrl-C. */
  abort(reason?: unknown): void;
}

/** A context of its own for one test, with an empty cache folder under the system's temporary folder. */
export function testContext(options: { cacheDir?: string; env?: Record<string, string | undefined> } = {}): TestContext {
  const controller = new AbortController();
  const events = new Events();
  const seen: StampedEvent[] = [];
  events.listen((event) => seen.push(event));
  const cacheDir = options.cacheDir ?? mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  const ctx: Context = { events, signal: controller.signal, cacheDir, env: options.env ?? process.env };
  return { ctx, events: seen, abort: (reason) => controller.abort(reason) };
}
