/** What checks found, for people and for machines. */
import type { CheckFinding, CheckReport } from '../contract/helper.ts';
import { textIn } from '../contract/texts.ts';
import { ExitCode } from '../kit/errors.ts';
import type { Session } from './cli.ts';

const MARKS: Readonly<Record<CheckFinding['severity'], string>> = { ok: 'ok     ', info: 'note   ', warning: 'WARNING', error: 'ERROR  ' };

/** One finding, with what to do about it in a second line. */
export function findingLines({ severity, message, remedy }: CheckFinding, language: string): string[] {
  const first = `${MARKS[severity]}  ${textIn(message, language)}`;
  return remedy === undefined ? [first] : [first, `         -> ${textIn(remedy, language)}`];
}

/** Exit code 1 where something is wrong; a warning is not. */
export function exitCodeOf(findings: readonly CheckFinding[]): ExitCode {
  return findings.some(({ severity }) => severity === 'error') ? ExitCode.notReady : ExitCode.ok;
}

/** Says a section's check; the log only where something is wrong. */
export function reportCheck(session: Session, command: string, report: CheckReport, language: string): ExitCode {
  session.emit({ type: 'result', command, data: report });
  for (const finding of report.findings) for (const line of findingLines(finding, language)) session.print(line);
  const exitCode = exitCodeOf(report.findings);
  if (exitCode !== ExitCode.ok) for (const line of report.log ?? []) session.print(`    ${line}`);
  return exitCode;
}
