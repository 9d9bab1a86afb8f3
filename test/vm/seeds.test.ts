/**
 * Units that are set up by what their machine brings: an OVF environment, cloud-init. Incomplete answers are found on the page,
 * a copy of a unit that waits gets an identity of its own, and whole answers lead to a unit that is ready.
 */
import { afterEach, describe, expect, it } from 'vitest';

import { Cleanup } from '../../builder/kit/cleanup.ts';
import { allowTime, probeUnit } from '../../builder/verify/unitctl.ts';
import type { Machine } from '../../builder/vm/machine.ts';
import { overlay } from '../../builder/vm/overlay.ts';
import { sphereDisk } from '../helpers/baked.ts';
import { NO_CHROMIUM, picture } from '../helpers/chromium.ts';
import { testContext } from '../helpers/context.ts';
import { bootUnit, browserFor, certificateAt, claim, readScreen } from '../helpers/owner.ts';
import { type AwkwardAnswers, awkwardAnswers, keptAnswers, seedsOf } from '../helpers/seeds.ts';

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
    const disk = await overlay(ctx, await sphereDisk(), cleanup);
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
    const machine = await bootUnit(ctx, await overlay(ctx, await sphereDisk(), cleanup), cleanup, { cdroms: [nocloud] });
    await isReady(machine, whole, 'cloud-init');
    expect((await machine.ssh(['test', '-e', '/etc/unit/answers.yaml'])).exitCode).toBe(1);
  });
});
