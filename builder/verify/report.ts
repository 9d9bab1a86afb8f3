/** verify's report, as `--report` writes it. A change of a field is a change of a public interface. */
import type { ArtefactKind } from './artefact.ts';
import type { Finding } from './check.ts';
import type { Scenario } from './scenario.ts';

export interface ScenarioReport extends Scenario {
  name: string;
  /** File that was booted. */
  file: string;
  passed: boolean;
  /** From power-on to the first command by SSH; null where it never came to that. */
  secondsToSsh: number | null;
  /** From power-on until the checks were done. */
  seconds: number;
  findings: Finding[];
  /** Id of a check to what it measured. */
  facts: Record<string, Record<string, unknown>>;
  /** End of the serial console, where something was found. */
  console: string[];
}

export interface VerifyReport {
  schemaVersion: 1;
  passed: boolean;
  /** `sha256` is null for a raw disk: it is mostly zeroes, and nobody ships it. */
  files: { path: string; kind: ArtefactKind; bytes: number; sha256: string | null; virtualSize: number }[];
  acceleration: { kind: 'kvm' | 'tcg'; cpuModel: string };
  /** ISO 8601, UTC. */
  started: string;
  seconds: number;
  scenarios: ScenarioReport[];
  /** Findings that only several boots together show. */
  clones: Finding[];
}

/** Everything that was found, in the order of the boots. */
export function allFindings(report: VerifyReport): Finding[] {
  return [...report.scenarios.flatMap((scenario) => scenario.findings), ...report.clones];
}

/** Lines for people: one a boot, then what it was about. */
export function summary(report: VerifyReport): string {
  const lines = report.scenarios.map((scenario) => {
    const ssh = scenario.secondsToSsh === null ? 'did not boot' : `SSH after ${scenario.secondsToSsh} s`;
    return `${scenario.passed ? 'passed' : 'FAILED'}  ${scenario.name}  (${ssh}, ${Object.keys(scenario.facts).length} checks in ${scenario.seconds} s)`;
  });
  const shared =
    report.clones.length === 0
      ? `${report.scenarios.length} boots share no identity`
      : `${report.clones.length} marks of identity are shared`;
  const verdict = report.passed
    ? 'Everything passed.'
    : `${allFindings(report).filter(({ severity }) => severity === 'error').length} findings.`;
  return [...lines, ...(report.scenarios.length > 1 ? [shared] : []), verdict].join('\n');
}
