/** What `unitctl doctor` looks at: one file a check. Each only looks, needs no internet, and names a remedy for what it finds. */
import type { CheckFinding } from '../contract/helper.ts';
import type { EveryText } from '../contract/texts.ts';
import type { Unit } from '../contract/unit.ts';
import type { System } from '../kit/system.ts';
import type { Settings } from '../settings/index.ts';

export interface DoctorContext {
  system: System;
  unit: Unit;
  /** As they are saved, else as far as they are known; undefined where there are none. */
  settings: Settings | undefined;
  finalised: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

export interface DoctorCheck {
  name: string;
  title: EveryText;
  /** At least one finding. May throw: the doctor says which check it was. */
  run(context: DoctorContext): Promise<CheckFinding[]>;
}

export function ok(en: string, ja: string, ru: string): CheckFinding {
  return { severity: 'ok', message: { en, ja, ru } };
}

export function problem(severity: 'error' | 'warning' | 'info', message: EveryText, remedy?: EveryText): CheckFinding {
  return { severity, message, ...(remedy === undefined ? {} : { remedy }) };
}
