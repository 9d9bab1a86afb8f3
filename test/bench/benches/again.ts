/** again: a second bake where nothing, only the payload, only a script, or only the OVF's text has changed. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

import type { Context } from '../../../builder/kit/context.ts';
import type { Bench, Report, Row } from '../bench.ts';
import type { Lab } from '../lab.ts';
import { timed } from '../measure.ts';
import type { UnitsmithRun } from '../unitsmith.ts';

const UNCHANGED_SECONDS = 3;
/** Stages that install packages; and the one that boots. */
const PACKAGE_WORK = ['resolve', 'fetch', 'rootfs', 'disk'];
const BOOT_WORK = ['bake'];

export const againBench: Bench = {
  name: 'again',
  summary: 'second bake: nothing, only the payload, only a script, only the text of the OVF changed',
  run: compareAgain,
};

interface Change {
  what: string;
  /** Changes the copy of the image. */
  make(folder: string): Promise<void>;
  /** Stages that must not run for it. */
  spared: readonly string[];
  target?: Row['target'];
}

const CHANGES: readonly Change[] = [
  {
    what: 'nothing changed',
    make: async () => {},
    spared: [...PACKAGE_WORK, ...BOOT_WORK],
    target: { of: 'ours', most: UNCHANGED_SECONDS },
  },
  { what: 'a file of rootfs/ changed', make: addFile, spared: PACKAGE_WORK },
  { what: 'a script of scripts/ changed', make: addScript, spared: PACKAGE_WORK },
  { what: 'the description in the OVF changed', make: changeDescription, spared: [...PACKAGE_WORK, ...BOOT_WORK] },
];

async function compareAgain(lab: Lab, ctx: Context): Promise<Report> {
  const cold = await lab.coldBake();
  const { folder } = await lab.image();
  const rows: Row[] = [];
  const details: Record<string, UnitsmithRun & { seconds: number }> = { cold: { ...cold.run, seconds: cold.seconds } };
  for (const change of CHANGES) {
    ctx.events.info(`second bake: ${change.what}`);
    await change.make(folder);
    const { seconds, value } = await timed(ctx, () => lab.bake());
    rows.push(rowOf(change, seconds, cold.seconds, value));
    details[change.what] = { ...value, seconds };
  }
  return {
    title: 'again: the second bake',
    sides: { ours: 'second bake', theirs: 'cold bake' },
    rows,
    notes: ['Both sides are unitsmith, with downloads in the cache (--offline), without proof and verification.'],
    details,
  };
}

function rowOf(change: Change, seconds: number, coldSeconds: number, run: UnitsmithRun): Row {
  const ran = run.ran.map(({ stage }) => stage);
  const wrong = ran.filter((stage) => change.spared.includes(stage));
  const note = ran.length === 0 ? 'no stage ran' : `ran: ${ran.join(', ')}`;
  return {
    what: change.what,
    unit: 'seconds',
    ours: seconds,
    theirs: coldSeconds,
    ...(change.target === undefined ? {} : { target: change.target }),
    note: wrong.length === 0 ? note : `${note}; **not wanted: ${wrong.join(', ')}**`,
  };
}

async function addFile(folder: string): Promise<void> {
  const target = join(folder, 'rootfs', 'usr', 'share', 'unitsmith-bench');
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'marker'), 'changed\n');
}

async function addScript(folder: string): Promise<void> {
  await mkdir(join(folder, 'scripts'), { recursive: true });
  await writeFile(join(folder, 'scripts', '99-bench'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
}

async function changeDescription(folder: string): Promise<void> {
  const path = join(folder, 'image.yaml');
  const document = parseDocument(await readFile(path, 'utf8'));
  document.setIn(['description', 'en'], 'Another description.');
  await writeFile(path, document.toString());
}
