/** Something that a section tries out for the owner before Apply: DNS records, a mail, a clock. Runs as root in the helper. */
import type { CheckReport } from '../contract/helper.ts';
import type { Unit } from '../contract/unit.ts';
import type { System } from '../kit/system.ts';
import type { Settings } from '../settings/index.ts';

export interface CheckContext {
  system: System;
  unit: Unit;
  /** As they are kept now, secrets in clear: perhaps incomplete, perhaps wrong elsewhere. */
  settings: Settings;
  /** From the page; each check reads what it expects and trusts nothing. */
  parameters: Readonly<Record<string, unknown>>;
}

/** Never throws for what it finds out: that is in the report. Messages hold no secret. */
export interface SectionCheck {
  /** Section and name, as the page asks for it. */
  section: string;
  name: string;
  /** Seconds that it may take. */
  timeout: number;
  run(context: CheckContext): Promise<CheckReport>;
}
