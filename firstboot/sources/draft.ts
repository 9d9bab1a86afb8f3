/**
 * Answers of outside sources and of the setup page, kept until they are applied: a hypervisor may hand them over at one
 * power-on only, and what was adopted is cleared where it came from. Secrets are in it, so it is root's alone; the run that
 * finishes with them removes it, and so does the end of setup.
 */
import { UNIT_PATHS } from '../contract/unit.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { makeFolder, readIfExists, writeFileAtomic } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import { ANSWERS_VERSION, type Layer } from '../settings/index.ts';
import type { LocatedLayer } from './source.ts';

interface DraftFile {
  schemaVersion: number;
  layers: Layer[];
  /** Dotted paths of secrets that the owner took back: what the unit has kept of them goes with the next run. */
  cleared?: string[];
  /** The saved settings were made from it, as it is: the run that finishes with them removes it. */
  applied?: boolean;
}

/** The kept layers; empty where there is no draft. @throws UnitError for a draft of another release */
export async function readDraft(system: System): Promise<LocatedLayer[]> {
  const { layers } = await readFile(system);
  return layers.map((layer) => ({
    ...layer,
    locate: ({ message, path, suggestion }) => ({
      message,
      file: `${layer.source} (kept from an earlier start)`,
      path,
      ...(suggestion === undefined ? {} : { suggestion }),
    }),
  }));
}

/** Dotted paths of secrets that were taken back since the last run. */
export async function readCleared(system: System): Promise<string[]> {
  return (await readFile(system)).cleared ?? [];
}

async function readFile(system: System): Promise<DraftFile> {
  const text = await readIfExists(system.path(UNIT_PATHS.draft));
  if (text === undefined) return { schemaVersion: ANSWERS_VERSION, layers: [] };
  const draft = JSON.parse(text) as DraftFile;
  if (draft.schemaVersion === ANSWERS_VERSION) return draft;
  throw new UnitError(`${UNIT_PATHS.draft} was saved by another release`, {
    exitCode: ExitCode.unit,
    remedies: [`Remove it, and give the answers again.`],
  });
}

/** @param taken secrets that were taken back; those that the draft has by default */
export async function writeDraft(system: System, layers: readonly Layer[], taken?: readonly string[]): Promise<void> {
  const cleared = taken ?? (await readCleared(system));
  const draft: DraftFile = {
    schemaVersion: ANSWERS_VERSION,
    layers: layers.map(({ source, answers }) => ({ source, answers })),
    ...(cleared.length === 0 ? {} : { cleared: [...cleared] }),
  };
  await save(system, draft);
}

/** Says of the draft, until it is written again, whether the saved settings were made from it. */
export async function markDraft(system: System, applied: boolean): Promise<void> {
  if ((await draftState(system)) === (applied ? 'kept' : 'applied')) await save(system, { ...(await readFile(system)), applied });
}

/** Whether there is a draft, and whether it is in the saved settings. */
export async function draftState(system: System): Promise<'none' | 'kept' | 'applied'> {
  const text = await readIfExists(system.path(UNIT_PATHS.draft));
  if (text === undefined) return 'none';
  return (JSON.parse(text) as DraftFile).applied === true ? 'applied' : 'kept';
}

async function save(system: System, draft: DraftFile): Promise<void> {
  await makeFolder(system.path(UNIT_PATHS.state));
  await writeFileAtomic(system.path(UNIT_PATHS.draft), `${JSON.stringify(draft, null, 2)}\n`, { mode: 0o600 });
}
