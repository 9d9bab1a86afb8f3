import type { Listener } from '../kit/events.ts';
import type { Secrets } from '../kit/secrets.ts';

/** One JSON object a line (https://github.com/ndjson/ndjson-spec): for --json, and for the log file. */
export function ndjsonReporter(write: (line: string) => void, secrets: Secrets): Listener {
  return (event) => write(secrets.scrub(`${JSON.stringify(event)}\n`));
}
