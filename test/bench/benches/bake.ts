/** bake: definition to OVA and qcow2, by a cold `unitsmith bake` and by Packer as it is mostly used. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cleanup } from '../../../builder/kit/cleanup.ts';
import type { Context } from '../../../builder/kit/context.ts';
import type { Bench, Report, Row } from '../bench.ts';
import { classicBake } from '../classic/bake.ts';
import { baseDisk } from '../classic/base.ts';
import { bytesOf, type Lab } from '../lab.ts';
import { quantity } from '../table.ts';

const TARGET = 0.25;

export const bakeBench: Bench = {
  name: 'bake',
  summary: 'cold bake to OVA and qcow2, against Packer with apt-get inside, qemu-img, sha256sum, tar',
  run: compareBake,
};

async function compareBake(lab: Lab, ctx: Context, cleanup: Cleanup): Promise<Report> {
  const ours = await lab.coldBake();
  const image = await lab.image();
  const folder = join(lab.folder, 'classic');
  cleanup.add(`folder ${folder}`, () => rm(folder, { recursive: true, force: true }));
  ctx.events.info('before the clock starts: the base image of the classic side');
  const base = await baseDisk(image, { ...ctx, cacheDir: lab.cacheDir });
  ctx.events.info('classic bake');
  const input = {
    base,
    repository: ours.prepared.repository,
    requested: ours.prepared.requested,
    acceleration: await lab.acceleration(),
    folder,
  };
  const theirs = await classicBake(input, ctx, cleanup);

  const out = join(lab.folder, 'out');
  const sizes = async (what: string, ending: string): Promise<Row> => ({
    what,
    unit: 'bytes',
    ours: await bytesOf(out, ending),
    theirs: await bytesOf(folder, `classic${ending}`),
  });
  return {
    title: `bake: ${image.definition.name}, cold, to OVA and qcow2`,
    sides: { ours: 'unitsmith bake', theirs: 'Packer, apt-get inside, qemu-img, sha256sum, tar' },
    rows: [
      { what: 'time', unit: 'seconds', ours: ours.seconds, theirs: theirs.seconds, target: { of: 'ratio', most: TARGET } },
      await sizes('size of the OVA', '.ova'),
      await sizes('size of the qcow2', '.qcow2'),
    ],
    notes: [
      `Once each, one after the other. The same ${ours.prepared.packages} packages, no recommended ones, no service started (policy-rc.d), no database cluster made.`,
      'Downloads are on this machine before either clock starts: ours are in its store (`--offline`), the guest reads them over HTTP from a server on loopback. In favour of the classic side, whose apt has the Internet in between otherwise.',
      'Also in its favour: kernel, boot loader, cloud-init, Python and SSH are in its base image, which is made before the clock starts; it boots its kernel directly, has its key and its network without user-data; it places no product files, makes no virtualenv, seals and audits nothing, lists no contents.',
      "As with most templates: the base boots whole (multi-user.target), Packer's own disk cache, packages with all their files, `qemu-img convert -c -O qcow2` (zlib, where ours is zstd by several writers).",
      'Ours: `unitsmith bake --no-proof --verify none`, with everything else that it does.',
      `Ours by stage: ${listed(ours.run.ran.map(({ stage, seconds }) => ({ step: stage, seconds })))}.`,
      `The classic side by step: ${listed(theirs.value)}.`,
    ],
    details: { ours: { seconds: ours.seconds, ...ours.run }, theirs: { seconds: theirs.seconds, steps: theirs.value } },
  };
}

function listed(steps: readonly { step: string; seconds: number }[]): string {
  return steps.map(({ step, seconds }) => `${step} ${quantity(seconds, 'seconds')}`).join(', ');
}
