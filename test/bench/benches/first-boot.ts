/** first-boot: what the setup page costs a unit, and where the time of Apply goes. */
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { withCleanup } from '../../../builder/kit/cleanup.ts';
import type { Context } from '../../../builder/kit/context.ts';
import { ExitCode, UserError } from '../../../builder/kit/errors.ts';
import { waitFor } from '../../../builder/vm/wait.ts';
import { SETUP_UNITS } from '../../../firstboot/contract/setup.ts';
import type { Bench, Report, Row } from '../bench.ts';
import type { Lab } from '../lab.ts';
import { bootMachine } from '../machine.ts';

/** Seconds, as on hardware virtualisation. */
const BOOT_TIMEOUT = 90;
const PAUSE = 250;
/** Seconds from which a step of Apply is worth a line. */
const LONG_STEP = 1;
const TARGETS = { page: 1.15, memory: 90e6, weight: 100e3 } as const;
/** What a page brings along, beside itself: one page of settings is the heaviest. */
const PUBLIC = join(import.meta.dirname, '../../../firstboot/web/public');
const HEALTH = '/.well-known/unit-health';

export const firstBootBench: Bench = {
  name: 'first-boot',
  summary: 'power-on to the setup page against SSH without it; memory of the page; its weight; Apply by step',
  run: compareFirstBoot,
};

async function compareFirstBoot(lab: Lab, ctx: Context): Promise<Report> {
  const disk = await lab.sealedDisk();
  if (disk === undefined) {
    throw new UserError(`no disk of ${lab.options.image} has been baked yet`, {
      exitCode: ExitCode.usage,
      remedies: ['npm run bake', 'npm run bench -- first-boot --disk FILE'],
    });
  }
  const page = await waiting(lab, disk, ctx);
  const without = await withoutPage(lab, disk, ctx);
  const weight = await publicWeight();
  const steps = await stepsOfApply(lab);
  const rows: Row[] = [
    {
      what: 'power-on to the page answering',
      unit: 'seconds',
      ours: page.seconds,
      theirs: without,
      target: { of: 'ratio', most: TARGETS.page },
    },
    { what: 'resident memory of the waiting page', unit: 'bytes', ours: page.memory, target: { of: 'ours', most: TARGETS.memory } },
    { what: 'style sheet and script of a page', unit: 'bytes', ours: weight.plain, target: { of: 'ours', most: TARGETS.weight } },
    ...steps
      .filter(({ seconds }) => seconds >= LONG_STEP)
      .map(({ step, seconds }): Row => ({ what: `Apply: ${step}`, unit: 'seconds', ours: seconds })),
  ];
  return {
    title: 'first boot: the setup page, and Apply',
    sides: { ours: 'with the page', theirs: 'SSH, same image without the page' },
    rows,
    notes: [
      `The helper was ${page.helper} while the page waited.`,
      `gzip -9 makes ${(weight.packed / 1e3).toFixed(1)} kB of style sheet and script; the page is sent as it is.`,
      'Without the page: a drop-in of a systemd credential keeps its service from starting. BIOS, virtio-scsi, virtio-net.',
      `Apply: steps of the last proof that took ${LONG_STEP} s or more, with the sample answers; together ${sum(steps).toFixed(0)} s.`,
    ],
    details: { page, without, weight, steps },
  };
}

interface Waiting {
  seconds: number;
  memory: number;
  /** ActiveState of the helper. */
  helper: string;
}

async function waiting(lab: Lab, disk: string, ctx: Context): Promise<Waiting> {
  return await withCleanup(async (cleanup) => {
    const started = performance.now();
    const machine = await bootMachine(lab, { name: 'bench-page', disk, forwards: [443] }, ctx, cleanup);
    const port = await machine.forward(443);
    if ((await waitFor(() => answers(port), machine.deadline(BOOT_TIMEOUT), ctx.signal, PAUSE)) === undefined) throw late();
    const seconds = (performance.now() - started) / 1000;
    await machine.waitForSsh(machine.deadline(BOOT_TIMEOUT));
    await machine.ssh(['systemctl', 'is-system-running', '--wait'], { timeout: machine.deadline(BOOT_TIMEOUT).seconds });
    const pid = (await machine.output(['systemctl', 'show', '--value', '--property=MainPID', SETUP_UNITS.page])).trim();
    const resident = await machine.output(['grep', 'VmRSS', `/proc/${pid}/status`]);
    // It ends by itself some time after it was asked last.
    await machine.ssh(['systemctl', 'stop', SETUP_UNITS.helper]);
    const helper = (await machine.output(['systemctl', 'show', '--value', '--property=ActiveState', SETUP_UNITS.helper])).trim();
    return { seconds, memory: Number(/(\d+) kB/.exec(resident)?.[1]) * 1024, helper };
  });
}

/** Seconds from power-on to SSH of the same disk, where the page never starts. */
async function withoutPage(lab: Lab, disk: string, ctx: Context): Promise<number> {
  return await withCleanup(async (cleanup) => {
    const credentials = { [`systemd.unit-dropin.${SETUP_UNITS.page}`]: '[Unit]\nConditionPathExists=/nowhere\n' };
    const machine = await bootMachine(lab, { name: 'bench-no-page', disk, forwards: [443], credentials }, ctx, cleanup);
    await machine.waitForSsh(machine.deadline(BOOT_TIMEOUT));
    return machine.secondsToSsh ?? Number.NaN;
  });
}

function late(): Error {
  return new Error('the setup page did not answer in time');
}

/** Undefined where it does not answer yet. */
function answers(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path: HEALTH, rejectUnauthorized: false, agent: false, timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? true : undefined);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(undefined));
    asked.end();
  });
}

async function publicWeight(): Promise<{ plain: number; packed: number }> {
  const files = await Promise.all((await readdir(PUBLIC)).map((name) => readFile(join(PUBLIC, name))));
  return { plain: sizeOf(files), packed: sizeOf(files.map((file) => gzipSync(file, { level: 9 }))) };
}

function sizeOf(files: readonly Uint8Array[]): number {
  return files.reduce((bytes, { length }) => bytes + length, 0);
}

interface TimedStep {
  step: string;
  seconds: number;
}

/** Of the newest proof of this image, in this run or in the user's cache; none where there is none. */
async function stepsOfApply(lab: Lab): Promise<TimedStep[]> {
  const proved = await lab.newestOutput('proof');
  if (proved === undefined) return [];
  return (JSON.parse(await readFile(join(proved, 'proof.json'), 'utf8')) as { steps: TimedStep[] }).steps;
}

function sum(steps: readonly TimedStep[]): number {
  return steps.reduce((total, { seconds }) => total + seconds, 0);
}
