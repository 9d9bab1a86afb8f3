import { passwordStrength } from './administrator/strength.ts';
import type { SectionCheck } from './check.ts';
import { mailTest } from './mail/test-message.ts';

/** What sections can try out, in no order. */
export const CHECKS: readonly SectionCheck[] = [mailTest(), passwordStrength];
