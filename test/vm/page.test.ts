/**
 * First boot in a browser, on a unit that reaches nobody but an authority (Pebble) and a mail server of this host: from the
 * code on the console to a mail that the product sends; then the factory reset, cut off in its middle.
 */
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import type { Page } from 'playwright-core';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cleanup } from '../../builder/kit/cleanup.ts';
import type { Context } from '../../builder/kit/context.ts';
import type { Machine } from '../../builder/vm/machine.ts';
import { overlay } from '../../builder/vm/overlay.ts';
import { type DiskSpec, GUEST_IPV4 } from '../../builder/vm/spec.ts';
import { diskOf } from '../helpers/baked.ts';
import { axeFindings, NO_CHROMIUM, picture } from '../helpers/chromium.ts';
import { testContext } from '../helpers/context.ts';
import { answer, bootUnit, browserFor, certificateAt, certificateBehind, claim, fill, readScreen, tryOut } from '../helpers/owner.ts';
import { type Authority, MISSING, startAuthority } from '../integration/firstboot/certificate/pebble.ts';

/** As the guest has them. */
const AUTHORITY = { address: '10.0.2.100', port: 14000 };
const RELAY = { address: '10.0.2.101', port: 2525 };
/** Another address of the unit's network. */
const OTHER = '10.0.2.40';
const DOMAIN = 'sphere.example.org';
const RECIPIENT = 'someone@example.net';

const OBSTACLE =
  process.env.UNITSMITH_TEST !== 'full'
    ? 'runs with npm run test:full'
    : (NO_CHROMIUM ?? (MISSING.length > 0 ? `needs ${MISSING.join(', ')}` : undefined));
if (OBSTACLE !== undefined) process.stdout.write(`skipped: first boot in a browser: ${OBSTACLE}\n`);

describe.skipIf(OBSTACLE !== undefined)('a unit', () => {
  const cleanup = new Cleanup();
  const { ctx } = testContext();
  const mails: string[] = [];
  let authority: Authority;
  let disk: DiskSpec;
  let machine: Machine;
  let code: string;

  beforeAll(async () => {
    authority = await startAuthority({ addresses: [AUTHORITY.address] });
    cleanup.add('authority', () => authority.stop());
    const mailPort = await startMailServer(mails, cleanup);
    disk = { ...(await overlay(ctx, await diskOf('sphere'), cleanup)), durable: true };
    machine = await bootUnit(ctx, disk, cleanup, {
      servers: [
        { ...AUTHORITY, hostPort: Number(new URL(authority.directory).port) },
        { ...RELAY, hostPort: mailPort },
      ],
    });
    await relay(authority.httpPort, await machine.forward(80), cleanup);
  });
  afterAll(() => cleanup.run());

  it('is claimed by the code on the console, set up in a browser, and shows the product', async () => {
    ({ code } = await showsItsCertificate(ctx, machine));
    const browser = await browserFor(machine, [OTHER]);
    cleanup.add('browser', () => browser.close());
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    page.setDefaultTimeout(machine.deadline(60).seconds * 1000);
    await claim(page, code);
    await answer(page, 'administrator', { login: 'kate', password: 'correct horse 9 battery' });

    await page.waitForURL('**/section/network');
    await triesNetworks(ctx, machine, page);
    await page.click('button.main');
    await answer(page, 'time', {});
    await answer(page, 'domain', { name: DOMAIN });
    const acme = { directory: directoryFor(authority), roots: authority.roots, email: 'kate@example.org' };
    const asAcme = Object.fromEntries(Object.entries(acme).map(([name, value]) => [`acme/${name}`, value]));
    await answer(page, 'certificate', { mode: 'acme', ...asAcme, 'acme/agreeToTerms': true });
    await page.waitForURL('**/section/mail');
    const relayed = { mode: 'relay', host: RELAY.address, port: String(RELAY.port), security: 'none' };
    await fill(page, { ...relayed, senderName: 'Сфера', senderAddress: 'sphere@example.org' });
    await page.fill('[name="parameter:test:recipient"]', RECIPIENT);
    expect(await tryOut(page, 'test')).toContain('took the test message');
    await expect.poll(() => mails.filter((mail) => mail.includes('Subject: Sphere BPMS: test'))).toHaveLength(1);
    await picture(page, 'unit-mail');
    await page.click('button.main');
    await answer(page, 'updates', {});
    await answer(page, 'product', { superuserEmail: 'kate@example.org' });

    await page.waitForURL('**/review');
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'unit-review');
    await page.click('form[action="/apply"] button');
    await page.waitForURL('**:8443/progress');
    await page.waitForSelector('#step-20:not(.waiting)', { timeout: machine.deadline(300).seconds * 1000 });
    await picture(page, 'unit-progress');
    await page.waitForURL('**/result', { timeout: machine.deadline(900).seconds * 1000 });
    await picture(page, 'unit-result');
    const password = await page.textContent('td code');
    expect(password).toMatch(/^[0-9A-Za-z]{20}$/);
    await page.click('form[action="/confirm"] button');
    await page.waitForSelector('h1:has-text("Setup is finished")');

    await page.goto(`https://${GUEST_IPV4}/login`);
    await page.fill('[name="email"]', 'kate@example.org');
    await page.fill('[name="password"]', password ?? '');
    await page.press('[name="password"]', 'Enter');
    await page.waitForURL('**/cards');
    await picture(page, 'unit-product');
    // By celery, which reads the relay in the product's own configuration.
    await page.fill('#title', 'Mail by celery');
    await page.fill('#notify', RECIPIENT);
    await page.click('form[enctype] button');
    await expect.poll(() => mails.filter((mail) => mail.includes('Mail by celery')).length, { timeout: 600_000, interval: 1000 }).toBe(1);
    expect(mails.at(-1)).toMatch(/^To: someone@example.net\r?$/m);
    await browser.close();
  });

  it('has the certificate of the authority, by which nginx serves', async () => {
    const { issuer, subjectaltname } = (await certificateAt(ctx, machine, 443, machine.deadline(60).seconds)) ?? {};
    expect(subjectaltname).toBe(`DNS:${DOMAIN}`);
    expect(issuer?.CN).toMatch(/^Pebble Intermediate CA/);
    await machine.waitForSsh(machine.deadline(60));
    const { stdout } = await machine.ssh(['unitctl', 'cert', 'show']);
    expect(stdout).toContain('acme');
  });

  it('has nothing of setup left: the page, the helper, their ports', async () => {
    const status = JSON.parse((await machine.output(['unitctl', 'status', '--json'])).trim()) as { data: { state: string } };
    expect(status.data.state).toBe('ready');
    const units = ['unit-setup.service', 'unit-setup-https-later.socket', 'unit-helper.service', 'unit-helper.socket'];
    const { stdout } = await machine.ssh(['systemctl', 'is-active', ...units]);
    expect(new Set(stdout.trim().split('\n'))).toEqual(new Set(['inactive']));
    expect(await certificateAt(ctx, machine, 8443, 0)).toBeUndefined();
  });

  it('keeps the network that was confirmed', async () => {
    expect(await addresses(machine)).toEqual([`${OTHER} static`, `${GUEST_IPV4} static`]);
  });

  it('comes out of a reset that was cut off as it came out of its image, with another code', async () => {
    const reset = machine.ssh(['unitctl', 'reset', '--yes-really'], {
      onLine: (line) => void (line === '/var/lib/rabbitmq/mnesia is removed' && machine.cut()),
    });
    await expect(reset).rejects.toThrow();
    await machine.ended;

    machine = await bootUnit(ctx, disk, cleanup, { uuid: machine.spec.uuid, key: machine.spec.key });
    // The reset goes on, and restarts the unit: what the console shows counts from the last boot on.
    await machine.waitForSerial(/unit: state=waiting[\s\S]*Linux version[\s\S]*unit: state=waiting/, machine.deadline(300));
    const screen = await readScreen(machine);
    expect(screen.code).not.toBe(code);
    expect((await certificateAt(ctx, machine, 443, machine.deadline(60).seconds))?.fingerprint256).toBe(screen.fingerprint);
    await machine.waitForSsh(machine.deadline(60));
    const gone = [
      '/var/lib/postgresql/17/main',
      '/home/www/my_project/conf/_local.py',
      '/var/lib/unit/settings.json',
      '/etc/unit/tls/privkey.pem',
    ];
    const { stdout } = await machine.ssh(`ls -d ${gone.join(' ')} 2>/dev/null; getent passwd kate; true`);
    expect(stdout).toBe('');
    expect(await addresses(machine)).toEqual([`${GUEST_IPV4} DHCPv4`]);
  });
});

/** The console's fingerprint is that of the certificate at the page's port. @returns the code */
async function showsItsCertificate(ctx: Context, machine: Machine): Promise<{ code: string }> {
  const { code, fingerprint } = await readScreen(machine);
  const { fingerprint256 } = (await certificateAt(ctx, machine, 443, machine.deadline(60).seconds)) ?? {};
  expect(fingerprint256).toBe(fingerprint);
  return { code };
}

/** A try that nobody confirms goes back by itself, from a lease and to it; one that is confirmed stays. */
async function triesNetworks(ctx: Context, machine: Machine, page: Page): Promise<void> {
  await machine.waitForSsh(machine.deadline(60));
  expect(await addresses(machine)).toEqual([`${GUEST_IPV4} DHCPv4`]);
  const before = await machine.forward(443);
  const after = await machine.forward(443, OTHER);
  await page.click('button[value="add:/interfaces"]');
  await fill(page, { 'interfaces/0/method': 'static', 'interfaces/0/addresses': `${OTHER}/24` });
  expect(await tryOut(page, 'try')).toContain(`https://${OTHER}/handover?token=`);
  expect(await certificateBehind(ctx, after, machine.deadline(30).seconds)).toBeDefined();
  expect(await certificateBehind(ctx, before, 0)).toBeUndefined();
  expect(await certificateBehind(ctx, before, 180)).toBeDefined();
  expect(await addresses(machine)).toEqual([`${GUEST_IPV4} DHCPv4`]);

  await page.goto(`https://${GUEST_IPV4}/section/network`);
  await fill(page, { 'interfaces/0/addresses': `${OTHER}/24\n${GUEST_IPV4}/24` });
  await tryOut(page, 'try');
  const link = (await page.getAttribute('#report a', 'href')) ?? '';
  expect(await certificateBehind(ctx, after, machine.deadline(30).seconds)).toBeDefined();
  await page.goto(link);
  await page.waitForURL(`https://${OTHER}/section/network`);
}

/** IPv4 addresses of the unit, with where each is from. */
async function addresses(machine: Machine): Promise<string[]> {
  const { data } = JSON.parse((await machine.output(['unitctl', 'network', '--json'])).trim()) as {
    data: { interfaces: { addresses: { address: string; source: string }[] }[] };
  };
  const all = data.interfaces.flatMap((each) => each.addresses).filter(({ address }) => address.includes('.'));
  return all
    .map(({ address, source }) => `${address} ${source}`)
    .sort()
    .reverse();
}

/** The directory as the guest has it: Pebble answers by the name that it is asked by. */
function directoryFor({ directory }: Authority): string {
  return `https://${AUTHORITY.address}:${AUTHORITY.port}${new URL(directory).pathname}`;
}

/** Whatever connects to `from` is at `to`: who asks at a port that was fixed before the unit had its own. */
async function relay(from: number, to: number, cleanup: Cleanup): Promise<void> {
  const server = createServer((socket) => {
    const other = connect(to, '127.0.0.1');
    socket.pipe(other).pipe(socket);
    socket.on('error', () => other.destroy());
    other.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(from, '127.0.0.1', resolve));
  cleanup.add('relay', () => void server.close());
}

async function startMailServer(mails: string[], cleanup: Cleanup): Promise<number> {
  const server = new SMTPServer({
    authOptional: true,
    hideSTARTTLS: true,
    disableReverseLookup: true,
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString());
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  cleanup.add('mail server', () => new Promise<void>((resolve) => server.close(resolve)));
  return ((server.server as Server).address() as AddressInfo).port;
}
