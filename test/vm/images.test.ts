/**
 * The images that `npm test` tries in containers alone, from definition to artefact: baked, audited and proved in a virtual
 * machine. Java, Erlang and Docker take minutes each to start where machines are emulated.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { packageRoot } from '../../builder/kit/paths.ts';
import { artefactIn, baked } from '../helpers/baked.ts';
import { errorOf, processesOf, unitsmith } from '../helpers/ordinary-user.ts';

/** Tests of their own: sphere.test.ts, skeleton.test.ts. */
const ELSEWHERE = ['sphere', 'starter'];
const FOLDER = join(packageRoot(), 'images');
const IMAGES = readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, 'image.yaml')) && !ELSEWHERE.includes(name));

const FULL = process.env.UNITSMITH_TEST === 'full';
if (!FULL) process.stdout.write(`skipped: ${IMAGES.join(', ')} in a virtual machine: runs with npm run test:full\n`);

describe.skipIf(!FULL)('in a virtual machine', () => {
  it.each(IMAGES)('%s is baked and proved', async (image) => {
    const { out, outcome, installed } = await baked(image);
    expect(outcome.exitCode, errorOf(outcome)).toBe(0);
    for (const ending of ['.ova', '.qcow2', '.proof.json', 'SHA256SUMS']) expect(artefactIn(out, ending)).toBeTruthy();
    expect(processesOf(installed.user, /qemu-system|packer|mmdebstrap/)).toEqual([]);
    // A user made for this run: that cache serves no other image, and is of many gigabytes.
    if (process.geteuid?.() === 0) expect((await unitsmith(installed, ['cache', 'clear'])).exitCode).toBe(0);
  });
});
