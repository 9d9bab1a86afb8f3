import type { Events } from './events.ts';

/** What every stage and tool call gets: made once in main.ts, never a global. */
export interface Context {
  events: Events;
  /** Aborted on Ctrl-C, on SIGTERM and by a closed pipe; every outside program and every wait takes it. */
  signal: AbortSignal;
  /** Root of the cache (XDG cache folder, or --cache-dir). */
  cacheDir: string;
  /** The host's environment, read once. */
  env: Readonly<Record<string, string | undefined>>;
}
