/** All rules on one sealed disk, with the exceptions of the definition. */
import type { Context } from '../kit/context.ts';
import { PackageFiles } from './dpkg.ts';
import { globToRegExp } from './glob.ts';
import { findKeyMaterial } from './key-material.ts';
import type { RecordedPackage, Subject } from './rule.ts';
import { RULES } from './rules/index.ts';
import type { SealedTree } from './tree.ts';

export interface AuditFinding {
  rule: string;
  severity: 'error' | 'warning' | 'info';
  /** Absolute path on the unit. */
  path: string;
  message: string;
  remedy: string;
  /** The definition's reason, where it excepts this finding; severity is then `info`. */
  excepted?: string;
}

export interface AuditException {
  rule: string;
  /** Glob: `*` and `?` within a name, `**` across folders. */
  path: string;
  reason: string;
}

export interface AuditRequest {
  tree: SealedTree;
  /** What the rootfs stage recorded. */
  recorded: readonly RecordedPackage[];
  /** Name of the image: a host name that is no leak. */
  image: string;
  except?: readonly AuditException[];
}

/** Names that `audit.except[].rule` may have. */
export function auditRuleNames(): string[] {
  return RULES.map(({ name }) => name);
}

/** Runs every rule. The findings' order is that of the rules, then of the paths. */
export async function auditTree(request: AuditRequest, ctx: Context): Promise<AuditFinding[]> {
  const { tree, recorded, image } = request;
  const keys = await findKeyMaterial(tree, ctx.signal);
  const subject: Subject = { tree, packages: new PackageFiles(tree), keys, recorded, image };
  const findings: AuditFinding[] = [];
  for (const rule of RULES) {
    for (const { path, message, severity = 'error' } of await rule.check(subject)) {
      findings.push({ rule: rule.name, severity, path, message, remedy: rule.remedy });
    }
  }
  return applyExceptions(findings, request.except ?? []);
}

/** Excepted findings stay in the report as information; an exception that excepts nothing is a warning. */
export function applyExceptions(findings: readonly AuditFinding[], exceptions: readonly AuditException[]): AuditFinding[] {
  const patterns = exceptions.map((exception) => ({ ...exception, pattern: globToRegExp(exception.path), used: false }));
  const judged = findings.map((finding): AuditFinding => {
    const exception = patterns.find(({ rule, pattern }) => rule === finding.rule && pattern.test(finding.path));
    if (exception === undefined) return finding;
    exception.used = true;
    return { ...finding, severity: 'info', excepted: exception.reason };
  });
  const unused = patterns
    .filter(({ used }) => !used)
    .map(
      ({ rule, path }): AuditFinding => ({
        rule,
        severity: 'warning',
        path,
        message: 'is excepted from this rule, and nothing there breaks it',
        remedy: 'Remove the exception from image.yaml, under audit.',
      }),
    );
  return [...judged, ...unused];
}
