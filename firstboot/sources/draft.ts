/**
 * Answers of outside sources, kept until the unit is finalised: a hypervisor may hand them over at one power-on only, and
 * what was adopted is cleared where it came from. Secrets are in it, so it is root's alone; finalising removes it.
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
}

/** The kept layers; empty where there is no draft. @throws UnitError for a draft of another release */
export async function readDraft(system: System): Promise<LocatedLayer[]> {
  const text = await readIfExists(system.path(UNIT_PATHS.draft));
  if (text === undefined) return [];
  const { schemaVersion, layers } = JSON.parse(text) as DraftFile;
  if (schemaVersion !== ANSWERS_VERSION) {
    throw new UnitError(`${UNIT_PATHS.draft} was saved by another release`, {
      exitCode: ExitCode.unit,
      remedies: [`Remove it, and give the answers again.`],
    });
  }
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

export async function writeDraft(system: System, layers: readonly Layer[]): Promise<void> {
  const draft: DraftFile = { schemaVersion: ANSWERS_VERSION, layers: layers.map(({ source, answers }) => ({ source, answers })) };
  await makeFolder(system.path(UNIT_PATHS.state));
  await writeFileAtomic(system.path(UNIT_PATHS.draft), `${JSON.stringify(draft, null, 2)}\n`, { mode: 0o600 });
}
