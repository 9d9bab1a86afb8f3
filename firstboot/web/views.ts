/** What a section's page offers to try out: one line a check of sections/checks.ts. */
import type { TextKey } from './language.ts';

export interface CheckView {
  section: string;
  /** As in sections/checks.ts. */
  check: string;
  title: TextKey;
  /** Asked beside the button, by name: what the check's `parameters` have. */
  ask?: Readonly<Record<string, { title: TextKey; type: 'email' | 'text' }>>;
  /** The name of a parameter that gets the port by which the page is open. */
  port?: string;
  /** The name of a parameter that gets the browser's clock, in milliseconds since 1970: by script, else it is not there. */
  clock?: string;
  /** What the report's lines are, where they are more than a log: in sight then, and to be copied. */
  lines?: TextKey;
}

export const CHECK_VIEWS: readonly CheckView[] = [
  { section: 'network', check: 'try', title: 'check.network', port: 'port' },
  { section: 'time', check: 'skew', title: 'check.time', clock: 'browserTime' },
  { section: 'domain', check: 'records', title: 'check.domain', lines: 'check.zone' },
  { section: 'certificate', check: 'check', title: 'check.certificate' },
  { section: 'mail', check: 'test', title: 'check.mail', ask: { recipient: { title: 'check.mail.recipient', type: 'email' } } },
];
