/** What a check is: one thing that must be true of a booted artefact. One file a check in checks/, listed in checks/index.ts. */
import type { Unit } from '../../firstboot/contract/unit.ts';
import type { Context } from '../kit/context.ts';
import type { Machine } from '../vm/machine.ts';
import type { Scenario } from './scenario.ts';

export interface Finding {
  /** Id of the check, or `boot`, or `clones`. */
  rule: string;
  severity: 'error' | 'warning' | 'info';
  message: string;
  suggestion?: string;
  /** Lines that show it: a console's or a journal's tail. */
  excerpt?: string[];
}

/** What was put before the guest, and must be found there. */
export interface Seeded {
  nocloud?: { userData: string; hostname: string; file: { path: string; content: string }; keyFile: string; publicKey: string };
  ovf?: { document: string };
}

/** A booted machine whose units have settled. */
export interface Subject {
  ctx: Context;
  machine: Machine;
  scenario: Scenario;
  /** Size of the disk that the machine was given, in bytes. */
  diskBytes: number;
  seeded: Seeded;
  /** What `systemctl is-system-running` said in the end: `running`, `degraded`... */
  state: string;
  /** /usr/lib/unit/unit.json; undefined where the artefact is no unit of ours. */
  unit: Unit | undefined;
  /** The unit is set up: checks that are asked `again` see it so the second time. */
  finalised: boolean;
}

export interface CheckResult {
  findings: Omit<Finding, 'rule'>[];
  /** What was measured or seen, for the report. */
  facts?: Record<string, unknown>;
}

export interface Check {
  /** Lower-case words with hyphens: stands in reports. */
  id: string;
  /** What it makes sure of, as a sentence. */
  title: string;
  /** It is asked once more when the unit was set up with answers. */
  again?: true;
  /** Whether it has something to say about this machine. */
  applies(subject: Subject): boolean;
  run(subject: Subject): Promise<CheckResult>;
}

export function problem(message: string, more: Pick<Finding, 'suggestion' | 'excerpt'> = {}): Omit<Finding, 'rule'> {
  return { severity: 'error', message, ...more };
}

export function passed(facts?: Record<string, unknown>): CheckResult {
  return facts === undefined ? { findings: [] } : { findings: [], facts };
}

export function always(): boolean {
  return true;
}
