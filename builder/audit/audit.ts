/** All rules on one sealed disk and the container images on it, with the exceptions of the definition. */
import type { Context } from '../kit/context.ts';
import { type Containers, type LayerView, NO_CONTAINERS } from './containers.ts';
import { PackageFiles } from './dpkg.ts';
import { globToRegExp } from './glob.ts';
import { findKeyMaterial } from './key-material.ts';
import type { RecordedPackage, Rule, Subject } from './rule.ts';
import { RULES } from './rules/index.ts';
import type { SealedTree } from './tree.ts';

export interface AuditFinding {
  rule: string;
  severity: 'error' | 'warning' | 'info';
  /** Absolute path on the unit; `NAME:/path` inside the container image of that name. */
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
  /** For what `--artifact` may put there: no warning where nothing breaks the rule. */
  optional?: boolean;
}

export interface AuditRequest {
  tree: SealedTree;
  /** The container images on it, opened. */
  containers: Containers;
  /** What the rootfs stage recorded. */
  recorded: readonly RecordedPackage[];
  /** Names of the packages among them that came as artifacts: not the distribution's. */
  vendors: ReadonlySet<string>;
  /** Name of the image: a host name that is no leak. */
  image: string;
  except?: readonly AuditException[];
}

/** Names that `audit.except[].rule` may have. */
export function auditRuleNames(): string[] {
  return RULES.map(({ name }) => name);
}

/** Runs every rule. The findings' order is that of the rules, then of the paths; those inside container images come last. */
export async function auditTree(request: AuditRequest, ctx: Context): Promise<AuditFinding[]> {
  const { tree, recorded, vendors, image, containers } = request;
  const keys = await findKeyMaterial(tree, ctx.signal);
  const subject: Subject = { tree, packages: new PackageFiles(tree, vendors), keys, recorded, image, containers, contained: false };
  const findings = [...(await hold(subject, RULES)), ...(await auditContainers(request, ctx))];
  return applyExceptions(findings, request.except ?? []);
}

async function hold(subject: Subject, rules: readonly Rule[]): Promise<AuditFinding[]> {
  const findings: AuditFinding[] = [];
  for (const rule of rules) {
    for (const { path, message, severity = 'error' } of await rule.check(subject)) {
      findings.push({ rule: rule.name, severity, path, message, remedy: rule.remedy });
    }
  }
  return findings;
}

/** What is seen with all layers first: what a lower layer holds as well is told once. */
async function auditContainers({ containers, recorded, image }: AuditRequest, ctx: Context): Promise<AuditFinding[]> {
  if (containers.layers === undefined) return [];
  const rules = RULES.filter(({ contained }) => contained === true);
  const keys = await findKeyMaterial(containers.layers, ctx.signal);
  const findings = new Map<string, AuditFinding>();
  for (const view of containers.views) {
    const { tree } = view;
    const own = keys.filter(({ entry }) => tree.get(entry.path) === entry);
    const packages = new PackageFiles(tree);
    const subject: Subject = { tree, packages, keys: own, recorded, image, containers: NO_CONTAINERS, contained: true };
    for (const finding of await hold(subject, rules)) {
      for (const name of view.containers) {
        const key = JSON.stringify([finding.rule, name, finding.path, finding.message]);
        if (!findings.has(key)) findings.set(key, inContainer(finding, name, containers, view));
      }
    }
  }
  return [...findings.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Named as `docker cp` names it. What an upper layer hides everybody can take out of the lower one. */
function inContainer(finding: AuditFinding, name: string, { images }: Containers, { tree }: LayerView): AuditFinding {
  const shown = images.find((image) => image.name === name)?.tree.get(finding.path) === tree.get(finding.path);
  return { ...finding, path: `${name}:${finding.path}`, message: shown ? finding.message : `${finding.message}, below another layer` };
}

/** Excepted findings stay in the report as information; an exception that excepts nothing is a warning, unless it is optional. */
export function applyExceptions(findings: readonly AuditFinding[], exceptions: readonly AuditException[]): AuditFinding[] {
  const patterns = exceptions.map((exception) => ({ ...exception, pattern: globToRegExp(exception.path), used: false }));
  const judged = findings.map((finding): AuditFinding => {
    const exception = patterns.find(({ rule, pattern }) => rule === finding.rule && pattern.test(finding.path));
    if (exception === undefined) return finding;
    exception.used = true;
    return { ...finding, severity: 'info', excepted: exception.reason };
  });
  const unused = patterns
    .filter(({ used, optional }) => !used && optional !== true)
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
