/** What stands beside the artefacts: bill of materials, source packages, provenance, sizes and the reports of what was proved. */

import { basename } from 'node:path';

import type { LoadedImage } from '../definition/definition.ts';
import { diffLock, type Lock } from '../definition/lock.ts';
import type { WrittenFile } from '../formats/format.ts';
import type { FormatName } from '../formats/pack.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { makeProvenance, provenanceText } from '../provenance/provenance.ts';
import { checkBudget, type Inventory, listSources, makeSbom, sizeText, sourcesJson, sourcesText } from '../sbom/index.ts';
import type { VerifyReport } from '../verify/report.ts';
import type { FetchOutput } from './fetch.ts';
import type { ProofOutput } from './proof.ts';
import type { ResolveOutput } from './resolve.ts';

export interface DocumentsInput {
  image: LoadedImage;
  lock: { content: Lock; sha256: string } | undefined;
  resolved: ResolveOutput;
  fetched: FetchOutput;
  inventory: Inventory;
  /** The audit's report as text. */
  auditReport: string;
  proof: ProofOutput | undefined;
  verify: VerifyReport | undefined;
  /** Names of the artefacts, in the order in which they were verified. */
  artefacts: readonly string[];
  /** Everything that was packaged, by the names that it ships with. */
  files: readonly { name: string; sha256: string }[];
  stageIds: Readonly<Record<string, string>>;
  builderVersion: string;
  tools: Readonly<Record<string, string>>;
}

/** Endings of all documents. Some are made only where the bake proves or verifies. */
export const DOCUMENTS = [
  'cdx.json',
  'sources.json',
  'sources.txt',
  'provenance.json',
  'sizes.txt',
  'audit.json',
  'proof.json',
  'verify.json',
] as const;

/** Ending to text. */
export type Documents = Readonly<Partial<Record<(typeof DOCUMENTS)[number], string>>>;

/** The documents of a bake; the same for the same input. */
export function documents(input: DocumentsInput): Documents {
  const { image, inventory, proof, verify } = input;
  const { name, version, title, vendor, base } = image.definition;
  const json = (data: unknown): string => `${JSON.stringify(data, null, 2)}\n`;
  const sources = listSources(
    inventory,
    Object.values(input.fetched.artifacts).flatMap(({ components }) => components),
  );
  return {
    'cdx.json': sbomOf(input),
    'sources.json': sourcesJson({ name, version }, sources),
    'sources.txt': sourcesText({ name, version }, sources),
    'provenance.json': provenanceText(
      makeProvenance({
        image: { name, version, hash: image.hash },
        base,
        lock:
          input.lock === undefined
            ? undefined
            : { sha256: input.lock.sha256, differs: diffLock(input.lock.content, input.resolved.packages) },
        archive: input.resolved.archive,
        packages: input.resolved.packages,
        artifacts: input.fetched.artifacts,
        files: input.files,
        stages: input.stageIds,
        builderVersion: input.builderVersion,
        tools: input.tools,
      }),
    ),
    'sizes.txt': `${title.en} ${version}, ${vendor.name}\n\n${sizeText(inventory.size)}`,
    'audit.json': input.auditReport,
    ...(proof === undefined ? {} : { 'proof.json': json(proof) }),
    ...(verify === undefined ? {} : { 'verify.json': json(withNames(verify, input.artefacts)) }),
  };
}

function sbomOf(input: DocumentsInput): string {
  const { name, version, title, vendor, base } = input.image.definition;
  return makeSbom({
    image: { name, version, title: title.en, vendor: { name: vendor.name, ...(vendor.url === undefined ? {} : { url: vendor.url }) } },
    base,
    inventory: input.inventory,
    packageHashes: new Map(input.resolved.packages.map((entry) => [entry.name, entry.sha256])),
    artifacts: Object.fromEntries(Object.entries(input.fetched.artifacts).map(([key, artifact]) => [key, artifact.components])),
    builderVersion: input.builderVersion,
    created: new Date(input.resolved.archive.updated),
  });
}

/**
 * The files under the names that they ship with, not where the cache of this machine has them: wherever the report names
 * them, messages included. Exported for its test.
 */
export function withNames(report: VerifyReport, names: readonly string[]): VerifyReport {
  const paths = report.files.map(({ path }, index) => ({ path, name: names[index] ?? basename(path) }));
  const renamed = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? paths.reduce((text, { path, name }) => text.replaceAll(path, () => name), value) : value;
  return JSON.parse(JSON.stringify(report, renamed)) as VerifyReport;
}

/** @throws UserError(findings) where the image is larger than its definition allows. */
export function holdToBudget(image: LoadedImage, inventory: Inventory, files: readonly { format: FormatName; file: WrittenFile }[]): void {
  const { budget } = image.definition;
  if (budget === undefined) return;
  const sizes = Object.fromEntries(files.map(({ format, file }) => [format, file.bytes]));
  const problems = checkBudget(budget, { ...sizes, installed: inventory.size.installed }, inventory.size);
  if (problems.length === 0) return;
  throw new UserError(`${image.definition.name} is larger than its budget allows`, { exitCode: ExitCode.findings, problems });
}
