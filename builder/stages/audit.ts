/** The audit: the sealed disk read offline, every rule tried, and an inventory of it for what is packaged beside it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type AuditFinding, auditTree, openContainers, openSealedDisk, type RecordedPackage } from '../audit/index.ts';
import type { LoadedImage } from '../definition/definition.ts';
import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, type Problem, UserError } from '../kit/errors.ts';
import type { Stage } from '../pipeline/stage.ts';
import { type Inventory, takeInventory } from '../sbom/inventory.ts';

export interface AuditInput {
  image: LoadedImage;
  /** The sealed disk, raw or qcow2. */
  disk: string;
  /** Id of the bake stage: stands for the disk's content. */
  bakeId: string;
  /** What the rootfs stage recorded. */
  packages: readonly RecordedPackage[];
  /** Names of those among them that came as artifacts: their makers' word for their files proves nothing. */
  vendors: readonly string[];
}

export interface AuditOutput {
  inventory: Inventory;
  /** audit.json: warnings and information with the rules' names; errors fail the stage. */
  report: string;
}

const REPORT = 'audit.json';
const INVENTORY = 'inventory.json';

export const auditStage: Stage<AuditInput, AuditOutput> = {
  name: 'audit',
  inputs: ({ image, bakeId, packages, vendors }) => ({
    bakeId,
    image: image.definition.name,
    except: (image.definition.audit?.except ?? []).map(({ rule, path, reason, optional = false }) => ({
      rule,
      path,
      reason,
      optional,
    })),
    packages: packages.map(({ name, version, architecture }) => [name, version, architecture]),
    vendors: [...vendors].sort(),
  }),
  run: auditDisk,
  open: async (folder) => ({
    inventory: JSON.parse(await readFile(join(folder, INVENTORY), 'utf8')) as Inventory,
    report: join(folder, REPORT),
  }),
};

/** @throws UserError(audit) with every error, after all were emitted as findings. */
async function auditDisk(input: AuditInput, folder: string, ctx: Context, cleanup: Cleanup): Promise<void> {
  const { name, version, audit } = input.image.definition;
  ctx.events.progress('reading the sealed disk');
  const tree = await openSealedDisk(input.disk, ctx, cleanup);
  const containers = await openContainers(tree, ctx, cleanup);
  ctx.events.progress('looking for what must not be in an image');
  const of = { recorded: input.packages, vendors: new Set(input.vendors), image: name, except: audit?.except ?? [] };
  const findings = await auditTree({ tree, containers, ...of }, ctx);
  for (const finding of findings) {
    ctx.events.emit({ type: 'finding', rule: finding.rule, severity: finding.severity, problem: problemOf(finding) });
  }
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw refused(name, errors);
  await writeFile(join(folder, REPORT), `${JSON.stringify({ image: name, version, findings }, undefined, 2)}\n`);
  await writeFile(join(folder, INVENTORY), `${JSON.stringify(takeInventory(tree))}\n`);
}

function problemOf({ path, message, remedy, excepted, rule }: AuditFinding): Problem {
  const reason = excepted === undefined ? '' : ` (excepted: ${excepted})`;
  return { message: `${rule}: ${path} ${message}${reason}`, where: { file: path }, suggestion: remedy };
}

function refused(image: string, errors: readonly AuditFinding[]): UserError {
  const places = errors.length === 1 ? 'one place breaks a rule' : `${errors.length} places break a rule`;
  return new UserError(`The sealed disk of ${image} must not be published: ${places}`, {
    exitCode: ExitCode.audit,
    why: 'An image holds nothing secret and nothing unique: that is born on the unit.',
    problems: errors.map(problemOf),
    remedies: ['Where a finding is right in this image, except it with a reason in image.yaml: audit.except.'],
  });
}
