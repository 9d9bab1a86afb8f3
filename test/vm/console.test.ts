/**
 * The screen of a unit, by keyboard alone, on a network where nobody answers: a static address, by which the page is reached
 * then; another keyboard layout, a new code, and the way back to DHCP.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cleanup } from '../../builder/kit/cleanup.ts';
import { USER_NETWORK } from '../../builder/vm/argv.ts';
import type { Machine } from '../../builder/vm/machine.ts';
import { overlay } from '../../builder/vm/overlay.ts';
import { GUEST_IPV4 } from '../../builder/vm/spec.ts';
import { diskOf } from '../helpers/baked.ts';
import { testContext } from '../helpers/context.ts';
import { bootUnit, certificateAt, certificateBehind, readScreen, type Shown } from '../helpers/owner.ts';
import { Screen } from '../helpers/screen.ts';

const ADDRESS = '10.0.2.40';

const OBSTACLE = process.env.UNITSMITH_TEST === 'full' ? undefined : 'runs with npm run test:full';
if (OBSTACLE !== undefined) process.stdout.write(`skipped: the screen of a unit: ${OBSTACLE}\n`);

describe.skipIf(OBSTACLE !== undefined)('the screen of a unit', () => {
  const cleanup = new Cleanup();
  const { ctx } = testContext();
  let machine: Machine;
  let screen: Screen;
  let shown: Shown;

  beforeAll(async () => {
    machine = await bootUnit(ctx, await overlay(ctx, await diskOf('sphere'), cleanup), cleanup, { alone: true, forwards: [] });
    screen = new Screen(machine, ctx.signal);
  });
  afterAll(() => cleanup.run());

  it('says that there is no DHCP, and is not stuck', async () => {
    shown = await readScreen(machine);
    await machine.waitForSerial(/unit: state=waiting/, machine.deadline(120));
    expect(await machine.serial()).toContain('none: no cable, or no DHCP server. The menu sets one.');
    await screen.picture('console-no-address');
  });

  it('gets a static address by its menu, by which the page is reached', async () => {
    await screen.press('ret');
    await screen.picture('console-menu');
    await screen.press('ret');
    await screen.type(`${ADDRESS}/24`);
    await screen.picture('console-address');
    await screen.press('ret');
    await machine.waitForSerial(new RegExp(`Set up at: +https://${ADDRESS}/`), machine.deadline(60));
    await connectToNetwork(machine);
    const behind = await machine.forward(443, ADDRESS);
    expect((await certificateBehind(ctx, behind, machine.deadline(60).seconds))?.fingerprint256).toBe(shown.fingerprint);
    await machine.waitForSsh(machine.deadline(60));
    await expect.poll(() => text(machine), { timeout: 60_000 }).toContain('Kept as settings of this unit.');
    await screen.press('ret');
    expect(await text(machine)).toMatch(new RegExp(`Set up at: +https://${ADDRESS}/[^]*Code: +${shown.code}`));
    await screen.picture('console-address-set');
  });

  it('changes the keyboard layout, at once and for later', async () => {
    await screen.press('ret');
    await screen.press('k');
    await screen.press('ret');
    await screen.press('j');
    await screen.picture('console-keyboard');
    await screen.press('ret');
    await expect.poll(() => text(machine), { timeout: 120_000 }).toContain('Done.');
    expect(await machine.output(['cat', '/etc/default/keyboard'])).toMatch(/^XKBLAYOUT="?jp"?$/m);
    expect(await machine.output('dumpkeys | grep -i yen | head -n 1')).toMatch(/yen/i);
    await screen.press('ret');
  });

  it('makes a new code, and shows it', async () => {
    await screen.press('ret');
    await screen.press('c');
    await screen.press('ret');
    await screen.press('ret');
    await expect.poll(() => text(machine), { timeout: 120_000 }).toMatch(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/);
    await screen.press('ret');
    const { code } = await readScreen(machine, shown.code);
    await expect.poll(() => text(machine), { timeout: 60_000 }).toContain(code);
  });

  it('goes back to DHCP, and shows the lease', async () => {
    await screen.press('ret');
    await screen.press('d');
    await screen.press('ret');
    await machine.waitForSerial(new RegExp(`Set up at: +https://${GUEST_IPV4}/`), machine.deadline(60));
    expect((await certificateAt(ctx, machine, 443, machine.deadline(60).seconds))?.fingerprint256).toBe(shown.fingerprint);
    await screen.press('ret');
    await screen.picture('console');
  });
});

/** The cable gets somebody at its other end. SSH comes by the address that was set. */
async function connectToNetwork(machine: Machine): Promise<void> {
  const hostfwd = [{ str: `tcp:127.0.0.1:${machine.sshPort}-${ADDRESS}:22` }];
  await machine.execute('netdev_add', { type: 'user', id: USER_NETWORK, restrict: true, hostfwd });
  await machine.execute('netdev_add', { type: 'hubport', id: 'hub1', hubid: 0, netdev: USER_NETWORK });
}

/** What stands on tty1 (vcs(4)), without blanks at the ends of lines. */
async function text(machine: Machine): Promise<string> {
  return machine.output('fold -w $(stty -F /dev/tty1 size | cut -d" " -f2) /dev/vcs1 | sed "s/ *$//"');
}
