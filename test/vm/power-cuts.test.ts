/**
 * A unit that is set up by answers on a labelled CD and loses its power five times on the way, also in the middle of long steps:
 * each boot goes on from the journal, and it ends as one that was never cut off. Then its disk is found in another machine.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cleanup } from '../../builder/kit/cleanup.ts';
import { allowTime, parseEvent, probeUnit } from '../../builder/verify/unitctl.ts';
import type { Machine } from '../../builder/vm/machine.ts';
import { overlay } from '../../builder/vm/overlay.ts';
import type { DiskSpec } from '../../builder/vm/spec.ts';
import type { ApplyEvent } from '../../firstboot/contract/events.ts';
import { diskOf } from '../helpers/baked.ts';
import { testContext } from '../helpers/context.ts';
import { bootUnit, certificateAt } from '../helpers/owner.ts';
import { type AwkwardAnswers, awkwardAnswers, keptAnswers, type Seeds, seedsOf } from '../helpers/seeds.ts';

/** Where the power goes: a moment after the step has begun, so inside those that take longer. */
const CUTS = ['begin:certificate', 'cluster', 'database', 'tables', 'finish:services'];
const EVENTS = '/run/unit/apply-events.jsonl';

const OBSTACLE = process.env.UNITSMITH_TEST === 'full' ? undefined : 'runs with npm run test:full';
if (OBSTACLE !== undefined) process.stdout.write(`skipped: power cuts: ${OBSTACLE}\n`);

describe.skipIf(OBSTACLE !== undefined)('a unit without power', () => {
  const { ctx } = testContext();
  const cleanup = new Cleanup();
  let whole: AwkwardAnswers;
  let seeds: Seeds;
  let disk: DiskSpec;
  let machine: Machine;
  /** What was cut in the middle, in order. */
  const cut: string[] = [];

  beforeAll(async () => {
    whole = awkwardAnswers();
    seeds = await seedsOf(whole.answers);
    disk = { ...(await overlay(ctx, await diskOf('sphere'), cleanup)), durable: true };
    machine = await bootUnit(ctx, disk, cleanup, { cdroms: [seeds.answersDisk] });
  });
  afterAll(() => cleanup.run());

  const bootAgain = (more = {}): Promise<Machine> =>
    bootUnit(ctx, disk, cleanup, { cdroms: [seeds.answersDisk], uuid: machine.spec.uuid, key: machine.spec.key, ...more });

  it.each(CUTS)('is cut off in %s, or where the boot has come to by then', async (step) => {
    await machine.waitForSsh(machine.deadline(120));
    await allowTime(machine);
    cut.push(await cutIn(machine, step));
    machine = await bootAgain();
  });

  it('goes on from the journal, and ends as it would have', async () => {
    process.stdout.write(`cut off in ${cut.join(', ')}\n`);
    await machine.waitForSsh(machine.deadline(120));
    await allowTime(machine);
    // Not in one and the same step each time, which could be gone on with by luck.
    expect(new Set(cut).size).toBeGreaterThanOrEqual(cut.length - 1);
    const [, state] = await machine.waitForSerial(/unit: state=(ready|failed)/, machine.deadline(900));
    expect(state, await machine.output(['unitctl', 'status'])).toBe('ready');
    expect(await keptAnswers(machine)).toMatchObject(whole.answers);
    expect((await certificateAt(ctx, machine, 443, machine.deadline(60).seconds))?.fingerprint256).toBe(whole.fingerprint);
    expect((await probeUnit(machine, 'smoke')).filter(({ passed }) => !passed)).toEqual([]);
  });

  it('is as a whole run would have left it: another one changes nothing', async () => {
    const { exitCode, stdout } = await machine.ssh(['unitctl', 'apply', '--json'], { timeout: machine.deadline(600).seconds });
    const events = stdout.split('\n').flatMap((line) => parseEvent<ApplyEvent>(line) ?? []);
    expect(exitCode).toBe(0);
    expect(events.filter((event) => event.type === 'step-finished' && event.changed)).toEqual([]);
    expect(events.filter((event) => event.type === 'step-finished').length).toBeGreaterThan(30);
  });

  it('says that it is a copy where another machine has its disk, and keeps its identity', async () => {
    const before = await machine.output(['cat', '/etc/machine-id']);
    await machine.cut();
    machine = await bootUnit(ctx, disk, cleanup, { key: machine.spec.key });
    await machine.waitForSerial(/This machine is a copy of another/, machine.deadline(180));
    await machine.waitForSsh(machine.deadline(60));
    expect(await machine.output(['cat', '/etc/machine-id'])).toBe(before);
    expect(JSON.parse(await machine.output(['unitctl', 'status', '--json']))).toMatchObject({ data: { clone: true } });
  });
});

/** Pulls the plug once this step has begun. @returns the step that ran at that moment */
async function cutIn(machine: Machine, wanted: string): Promise<string> {
  let running = '';
  let over = false;
  // Lines that are there already come first: the step may have passed.
  const following = machine.ssh(`until [ -e ${EVENTS} ]; do sleep 1; done; tail --lines=+1 --follow ${EVENTS}`, {
    timeout: machine.deadline(900).seconds,
    onLine: (line) => {
      const event = parseEvent<ApplyEvent>(line);
      if (event?.type === 'state' && event.state !== 'applying') over = true;
      if (event?.type !== 'step-started') return;
      running = event.step;
      if (running === wanted || CUTS.indexOf(running) > CUTS.indexOf(wanted)) void machine.cut();
    },
  });
  await expect(following).rejects.toThrow();
  await machine.ended;
  expect(over, 'the run was over before the power went').toBe(false);
  return running;
}
