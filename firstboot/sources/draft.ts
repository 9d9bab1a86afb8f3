/**
 * Answers of outside sources and of the setup page, kept until they are applied: a hypervisor may hand them over at one
 * power-on only, and what was adopted is cleared where it came from. Secrets are in it, so it is root's alone; finalising
 * removes it.
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

export async function writeDraft(system: System, layers: readonly Layer[], cleared: readonly string[]): Promise<void> {
  const draft: DraftFile = {
    schemaVersion: ANSWERS_VERSION,
    layers: layers.map(({ source, answers }) => ({ source, answers })),
    ...(cleared.length === 0 ? {} : { cleared: [...cleared] }),
  };
  await makeFolder(system.path(UNIT_PATHS.state));
  await writeFileAtomic(system.path(UNIT_PATHS.draft), `${JSON.stringify(draft, null, 2)}\n`, { mode: 0o600 });
}
