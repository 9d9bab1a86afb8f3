/** Checks an OVA, an OVF or a VMDK against every demand of importers that is known. */
import type { Context } from '../kit/context.ts';

import type { Finding, Rule, Severity } from './rule.ts';
import { rules as allRules } from './rules/index.ts';
import { applies, findingsOf } from './run-rule.ts';
import { openSubject, type SubjectKind } from './subject.ts';

const LONGEST = 400;

export interface ReportedFinding extends Finding {
  rule: string;
  severity: Severity;
}

export interface InspectReport {
  file: string;
  kind: SubjectKind;
  /** Names of the rules that were held against it. */
  rules: readonly string[];
  findings: readonly ReportedFinding[];
}

/** Messages repeat what stands in a file of anybody's: no control character reaches a terminal, and no line is endless. */
function printable(message: string): string {
  const text = message.replaceAll(
    /[\u0000-\u001f\u007f-\u009f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

/** Reads the whole file once for its hash and once for its grains. @throws UserError where it is none of the three kinds */
export async function inspect(path: string, ctx: Context, rules: readonly Rule[] = allRules): Promise<InspectReport> {
  const { subject, close } = await openSubject(path, ctx.signal);
  try {
    const findings: ReportedFinding[] = [];
    const held = rules.filter((rule) => applies(rule, subject));
    for (const rule of held) {
      ctx.signal.throwIfAborted();
      for (const finding of await findingsOf(rule, subject)) {
        findings.push({ ...finding, message: printable(finding.message), rule: rule.name, severity: finding.severity ?? rule.severity });
      }
    }
    return { file: path, kind: subject.kind, rules: held.map(({ name }) => name), findings };
  } finally {
    await close();
  }
}
