/**
 * A Pryv.io platform from nothing in three virtual machines: leader, core and static web, on an Ethernet that they alone share.
 * All that test/nspawn/pryv.test.ts tries of it is tried there; here the units are whole, with a kernel, disk and cards each.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cleanup } from '../../builder/kit/cleanup.ts';
import type { Machine } from '../../builder/vm/machine.ts';
import { overlay } from '../../builder/vm/overlay.ts';
import { freePort } from '../../builder/vm/ports.ts';
import { lanMacOf, macOf } from '../../builder/vm/spec.ts';
import { diskOf } from '../helpers/baked.ts';
import { testContext } from '../helpers/context.ts';
import { bootUnit } from '../helpers/owner.ts';
import { PRYV_ADDRESSES as ADDRESSES, PRYV_DOMAIN as DOMAIN, note, PryvPlatform } from '../helpers/pryv-platform.ts';

const FULL = process.env.UNITSMITH_TEST === 'full';
if (!FULL) process.stdout.write('skipped: a platform of virtual machines: runs with npm run test:full\n');

describe.skipIf(!FULL)('a platform of three virtual machines', () => {
  const { ctx } = testContext();
  const cleanup = new Cleanup();
  let leader: Machine;
  let core: Machine;
  let web: Machine;
  let platform: PryvPlatform;
  let events: (...more: string[]) => Promise<string>;

  beforeAll(async () => {
    const [disk, lan] = [await diskOf('pryv'), await freePort()];
    const start = async (name: string): Promise<Machine> => {
      const uuid = randomUUID();
      const reached = (machine: Machine): Promise<void> => machine.waitForSsh(machine.deadline(120));
      return await bootUnit(ctx, await overlay(ctx, disk, cleanup), cleanup, { name, uuid, lan, forwards: [] }, reached);
    };
    leader = await start('leader');
    core = await start('core');
    web = await start('static');
    // As a program beside the platform: none of the requests is of the unit that makes them.
    platform = new PryvPlatform(ctx, leader, async (argv) => (await web.ssh(argv)).stdout);
  });

  afterAll(async () => {
    expect(await cleanup.run()).toEqual([]);
  });

  /** The second card has the platform's network; the first one leads to this test alone. */
  const network = ({ spec: { uuid } }: Machine, address: string) => ({
    network: {
      interfaces: [
        { interface: macOf(uuid), method: 'dhcp' },
        { interface: lanMacOf(uuid), method: 'static', addresses: [`${address}/24`] },
      ],
    },
  });

  it('the leader is set up first, and the others join it by a code', async () => {
    await platform.setUp(leader, 'reg-master', network(leader, ADDRESSES.leader));
    // A follower has its network before it joins: of its data source, by the page, or here by a file.
    for (const [machine, address] of [
      [core, ADDRESSES.core],
      [web, ADDRESSES.static],
    ] as const) {
      const file = `[Match]\nMACAddress=${lanMacOf(machine.spec.uuid)}\n[Network]\nAddress=${address}/24\n`;
      await machine.output(
        `mkdir -p /run/systemd/network && printf '%s' '${file}' >/run/systemd/network/60-lan.network && networkctl reload`,
      );
    }
    await platform.joins(core, 'core', network(core, ADDRESSES.core));
    await platform.joins(web, 'static', network(web, ADDRESSES.static));
    await platform.until(() => platform.allReady(2));
    for (const machine of [leader, core, web])
      expect(await machine.output(['systemctl', 'list-units', '--failed', '--no-legend', '--plain'])).toBe('');
  });

  it('together they are a platform: a user, registered and resolved, with data on the core', async () => {
    expect(await platform.resolved(DOMAIN, 'NS')).toContain(`reg.${DOMAIN}`);
    events = await platform.newUser('alice', ADDRESSES.core);
    expect(await platform.resolved(`alice.${DOMAIN}`, 'A')).toEqual([ADDRESSES.core]);
    await events(...note('first event'));
    expect(await events()).toContain('first event');
    expect(await platform.ask('reg', ADDRESSES.leader, '/service/info')).toContain('"Sample Lab"');
  });

  it('a setting changed on the leader arrives everywhere', async () => {
    const timeout = leader.deadline(300).seconds;
    await leader.output(['unitctl', 'settings', 'set', 'product.platformName', 'Changed Lab'], { timeout });
    await platform.until(async () => (await platform.ask('sw', ADDRESSES.static, '/platform.json')).includes('Changed Lab'));
    expect(await platform.ask('reg', ADDRESSES.leader, '/service/info')).toContain('Changed Lab');
    await platform.until(() => platform.allReady(2));
  });

  it('with the leader off the others live on, after a boot of their own too', async () => {
    await leader.stop();
    await core.ssh(['systemctl', 'reboot']).catch(() => undefined);
    await platform.until(async () => (await events()) === '');
    await platform.until(async () => (await events()).includes('first event'));
    expect(await platform.ask('sw', ADDRESSES.static, '/platform.json')).toContain('Changed Lab');
  });
});
