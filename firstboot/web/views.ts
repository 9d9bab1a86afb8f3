/** What a section's page offers to try out: one line a check of sections/checks.ts. */
import type { TextKey } from './language.ts';

export interface CheckView {
  section: string;
  /** As in sections/checks.ts. */
  check: string;
  title: TextKey;
  /** Asked beside the button, by name: what the check's `parameters` have. */
  ask?: Readonly<Record<string, { title: TextKey; type: 'email' | 'text' }>>;
  /** The name of a parameter that gets the browser's clock, in milliseconds since 1970: by script, else it is not there. */
  clock?: string;
}

export const CHECK_VIEWS: readonly CheckView[] = [
  { section: 'network', check: 'test', title: 'check.network' },
  { section: 'time', check: 'skew', title: 'check.time', clock: 'browser' },
  { section: 'domain', check: 'records', title: 'check.domain' },
  { section: 'certificate', check: 'check', title: 'check.certificate' },
  { section: 'mail', check: 'test', title: 'check.mail', ask: { recipient: { title: 'check.mail.recipient', type: 'email' } } },
];
