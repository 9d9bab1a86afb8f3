/**
 * Units that are set up by what their machine brings: an OVF environment, cloud-init. Incomplete answers are found on the page,
 * a copy of a unit that waits gets an identity of its own, and whole answers lead to a unit that is ready. A network configuration
 * is there from boot on.
 */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';

import { Cleanup } from '../../builder/kit/cleanup.ts';
import { allowTime, probeUnit } from '../../builder/verify/unitctl.ts';
import { forwardRule, USER_NETWORK } from '../../builder/vm/argv.ts';
import type { Machine } from '../../builder/vm/machine.ts';
import { overlay } from '../../builder/vm/overlay.ts';
import { noCloudIso } from '../../builder/vm/seeds/nocloud.ts';
import { GUEST_IPV4, macOf } from '../../builder/vm/spec.ts';
import { diskOf } from '../helpers/baked.ts';
import { NO_CHROMIUM, picture } from '../helpers/chromium.ts';
import { testContext } from '../helpers/context.ts';
import { bootUnit, browserFor, certificateAt, certificateBehind, claim, readScreen } from '../helpers/owner.ts';
import { type AwkwardAnswers, awkwardAnswers, keptAnswers, seedsOf } from '../helpers/seeds.ts';

/** Another than DHCP would give. */
const STATIC = '10.0.2.44';

const OBSTACLE = process.env.UNITSMITH_TEST === 'full' ? NO_CHROMIUM : 'runs with npm run test:full';
if (OBSTACLE !== undefined) process.stdout.write(`skipped: units that are set up without a page: ${OBSTACLE}\n`);

describe.skipIf(OBSTACLE !== undefined)('without a page', () => {
  const { ctx } = testContext();
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  /** Waits for the state; holds what the unit keeps and serves to the answers. */
  async function isReady(machine: Machine, { answers, fingerprint }: AwkwardAnswers, origin: string): Promise<void> {
    await machine.waitForSsh(machine.deadline(120));
    await allowTime(machine);
    const [, state] = await machine.waitForSerial(/unit: state=(ready|failed)/, machine.deadline(900));
    expect(state, await machine.output(['unitctl', 'status'])).toBe('ready');
    expect(await keptAnswers(machine)).toMatchObject(answers);
    expect(await machine.output(['unitctl', 'settings', '--origin'])).toMatch(new RegExp(`product\\.siteName.*${origin}`));
    expect((await certificateAt(ctx, machine, 443, machine.deadline(60).seconds))?.fingerprint256).toBe(fingerprint);
    expect((await probeUnit(machine, 'smoke')).filter(({ passed }) => !passed)).toEqual([]);
  }

  const identity = (machine: Machine): Promise<string> =>
    machine.output('cat /etc/machine-id; cut -d" " -f2 /etc/ssh/ssh_host_ed25519_key.pub');

  it('an OVF environment that lacks something prefills the page; a copy with whole ones is another unit, and gets ready', async () => {
    const whole = awkwardAnswers();
    const { superuserEmail: _left, ...product } = whole.answers['product'] as Record<string, string>;
    const disk = await overlay(ctx, await diskOf('sphere'), cleanup);
    const partial = await seedsOf({ ...whole.answers, product });
    const first = await bootUnit(ctx, disk, cleanup, { cdroms: [partial.ovfEnvironment] });
    const shown = await readScreen(first);
    await first.waitForSerial(/set-up without a page needs more answers[\s\S]*superuserEmail/, first.deadline(120));
    const browser = await browserFor(first);
    cleanup.add('browser', () => browser.close());
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    page.setDefaultTimeout(first.deadline(60).seconds * 1000);
    await claim(page, shown.code);
    expect(await page.inputValue('[name="/login"]')).toBe('kate');
    await page.goto(page.url().replace('administrator', 'product'));
    expect(await page.inputValue('[name="/siteName"]')).toBe(product['siteName']);
    await picture(page, 'unit-prefilled');
    await page.goto(page.url().replace('section/product', 'review'));
    expect(await page.textContent('main')).toContain('the import form (OVF)');
    await browser.close();
    await first.waitForSsh(first.deadline(60));
    const before = await identity(first);
    await first.ssh(['systemctl', 'poweroff']).catch(() => undefined);
    await first.ended;

    const { ovfEnvironment } = await seedsOf(whole.answers);
    const copy = await bootUnit(ctx, disk, cleanup, { cdroms: [ovfEnvironment], key: first.spec.key });
    await isReady(copy, whole, 'ovf-environment');
    const after = (await identity(copy)).split('\n');
    for (const part of before.trim().split('\n')) expect(after).not.toContain(part);
  });

  it('answers by cloud-init set a unit up, and are not left there', async () => {
    const whole = awkwardAnswers();
    const { nocloud } = await seedsOf(whole.answers);
    const machine = await bootUnit(ctx, await overlay(ctx, await diskOf('sphere'), cleanup), cleanup, { cdroms: [nocloud] });
    await isReady(machine, whole, 'cloud-init');
    expect((await machine.ssh(['test', '-e', '/etc/unit/answers.yaml'])).exitCode).toBe(1);
  });

  it('a network configuration by cloud-init is the network of the unit from boot on', async () => {
    const uuid = randomUUID();
    const ethernet = {
      match: { macaddress: macOf(uuid) },
      addresses: [`${STATIC}/24`],
      routes: [{ to: '0.0.0.0/0', via: '10.0.2.2' }],
      nameservers: { addresses: ['10.0.2.3'], search: ['example.org'] },
    };
    const seed = {
      userData: '#cloud-config\n{}\n',
      metaData: JSON.stringify({ 'instance-id': uuid }),
      networkConfig: JSON.stringify({ version: 2, ethernets: { uplink: ethernet } }),
    };
    const cdroms = [await noCloudIso(ctx, seed, cleanup)];
    const machine = await bootUnit(ctx, await overlay(ctx, await diskOf('sphere'), cleanup), cleanup, { uuid, cdroms });
    const shown = await readScreen(machine);
    expect(await machine.serial()).toMatch(new RegExp(`Set up at: +https://${STATIC}/`));
    const page = await machine.forward(443, STATIC);
    expect((await certificateBehind(ctx, page, machine.deadline(60).seconds))?.fingerprint256).toBe(shown.fingerprint);

    await leadSshTo(machine, STATIC);
    await machine.waitForSsh(machine.deadline(60));
    const addresses = await machine.output('ip -4 -o address show scope global');
    expect(addresses.match(/inet \S+/g)).toEqual([`inet ${STATIC}/24`]);
    expect(await machine.output('ip -4 route show default')).toMatch(/^default via 10\.0\.2\.2 .*proto static/);
    expect(await machine.output('resolvectl dns; resolvectl domain')).toMatch(/: 10\.0\.2\.3\b[\s\S]*: example\.org\b/);
    // DHCP, which every other interface is asked for, was never.
    expect(await machine.output('journalctl --boot --unit=systemd-networkd.service')).not.toContain('DHCPv4 address');
    expect(await machine.serial()).not.toContain(GUEST_IPV4);
  });
});

/** QEMU leads the way in to the address that its own DHCP gives. */
async function leadSshTo(machine: Machine, address: string): Promise<void> {
  const commands = [
    `hostfwd_remove ${USER_NETWORK} tcp:127.0.0.1:${machine.sshPort}`,
    `hostfwd_add ${USER_NETWORK} ${forwardRule(22, machine.sshPort, address)}`,
  ];
  for (const command of commands) await machine.execute('human-monitor-command', { 'command-line': command });
}
