import { certificateCheck } from './certificate/check.ts';
import type { SectionCheck } from './check.ts';
import { dnsRecords } from './domain/records-check.ts';
import { mailTest } from './mail/test-message.ts';
import { networkConfirm, networkTry } from './network/try-check.ts';
import { clockSkew } from './time/skew.ts';

/** What sections can try out, in no order. */
export const CHECKS: readonly SectionCheck[] = [dnsRecords, networkTry, networkConfirm, clockSkew, certificateCheck, mailTest()];
