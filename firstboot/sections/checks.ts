import { certificateCheck } from './certificate/check.ts';
import type { SectionCheck } from './check.ts';

/** What sections can try out, in no order. */
export const CHECKS: readonly SectionCheck[] = [certificateCheck];
