/** A unit whose owner has given no key: to strangers there is the setup page alone, SSH is shut. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cleanup } from '../../builder/kit/cleanup.ts';
import type { Machine } from '../../builder/vm/machine.ts';
import { overlay } from '../../builder/vm/overlay.ts';
import { scanMachine } from '../../builder/vm/scan/scan.ts';
import { GUEST_IPV4, macOf } from '../../builder/vm/spec.ts';
import { diskOf } from '../helpers/baked.ts';
import { testContext } from '../helpers/context.ts';
import { bootUnit, certificateAt, readScreen } from '../helpers/owner.ts';

const OBSTACLE = process.env.UNITSMITH_TEST === 'full' ? undefined : 'runs with npm run test:full';
if (OBSTACLE !== undefined) process.stdout.write(`skipped: a unit without a key: ${OBSTACLE}\n`);

describe.skipIf(OBSTACLE !== undefined)('a unit without a key', () => {
  const cleanup = new Cleanup();
  const { ctx } = testContext();
  let machine: Machine;

  beforeAll(async () => {
    const disk = await overlay(ctx, await diskOf('sphere'), cleanup);
    machine = await bootUnit(ctx, disk, cleanup, { keyless: true, scan: true, forwards: [] });
  });
  afterAll(() => cleanup.run());

  it('has its page open to outside, and nothing else', async () => {
    const { fingerprint } = await readScreen(machine);
    await machine.waitForSerial(/unit: state=waiting/, machine.deadline(120));
    expect((await certificateAt(ctx, machine, 443, machine.deadline(60).seconds))?.fingerprint256).toBe(fingerprint);
    if (machine.link === undefined) throw new Error('the machine was not made to be scanned');
    const target = { mac: macOf(machine.spec.uuid), ipv4: GUEST_IPV4, hostname: 'sphere' };
    const { ipv4, udp } = await scanMachine(machine.link, target, ctx.signal);
    // The page is at 8443 too, where it goes on when the product has its ports.
    expect({ open: ipv4.open, closed: ipv4.closed, udp }).toEqual({ open: [80, 443, 8443], closed: 0, udp: [] });
  });
});
