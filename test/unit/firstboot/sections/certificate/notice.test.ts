import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { System } from '../../../../../firstboot/kit/system.ts';
import { sendExpiryNotice, stageOf } from '../../../../../firstboot/sections/certificate/notice.ts';
import { install, type Made as MadeBy, writeFailure } from '../../../../../firstboot/sections/certificate/place.ts';
import { certificateState, pressingWarnings } from '../../../../../firstboot/sections/certificate/state.ts';
import type { Mail } from '../../../../../firstboot/sections/mail/schema.ts';
import { fakeProgram } from '../../../../helpers/fake-program.ts';
import { type Made, Maker } from './made.ts';

const DAY = 24 * 3600 * 1000;
const NAME = 'shop.example.org';
const WANTED = { certificate: {}, names: [NAME] };
const UNIT = { title: { en: 'Shop' }, version: '1.0.0' };
const MAIL: Mail = { mode: 'relay', senderAddress: 'shop@example.org', senderName: 'Shop', noticesTo: 'me@example.net' };

let maker: Maker;
/** 90 days long, like those of most authorities. */
let certificate: Made;
beforeAll(() => {
  maker = new Maker();
  certificate = maker.certificate(NAME, { names: `DNS:${NAME}` });
});
afterAll(() => rmSync(maker.folder, { recursive: true, force: true }));

interface Machine {
  system: System;
  /** Messages that sendmail was given, its arguments in the first line. */
  sent(): string[];
}

async function machine(mode: MadeBy['mode'], { certificate: fullchain, key: privkey }: Made): Promise<Machine> {
  const root = mkdtempSync(join(maker.folder, 'root-'));
  const bin = fakeProgram(
    'sendmail',
    `[ -e '${root}/broken' ] && exit 75; { echo "=== $*"; cat; } >>'${root}/sent'`,
    mkdtempSync(join(root, 'bin-')),
  );
  const system = new System({ root, path: `${bin}:/usr/bin:/bin`, signal: new AbortController().signal });
  await install(system, { fullchain, privkey, made: { mode } });
  writeFileSync(join(root, 'sent'), '');
  return { system, sent: () => readFileSync(join(root, 'sent'), 'utf8').split('=== ').slice(1) };
}

/** So many days before its end, and an hour. */
const before = (days: number): Date => new Date(Date.parse(new X509Certificate(certificate.certificate).validTo) - (days + 1 / 24) * DAY);
/** Out of quoted-printable (RFC 2045, 6.7). */
const decoded = (text: string): string =>
  Buffer.from(
    text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString();

async function tell({ system }: Machine, days: number, mail = MAIL): Promise<string[]> {
  const log: string[] = [];
  await sendExpiryNotice({ system, unit: UNIT, mail, log: (line) => log.push(line) }, await certificateState(system, WANTED, before(days)));
  return log;
}

describe('when a certificate is late', () => {
  test.each([
    ['acme', 90, 15, 13],
    ['self-signed', 397, 31, 29],
    ['upload', 397, 31, 29],
    // Of a short life a share only: it is always near its end.
    ['acme', 6, 2, 0.9],
    ['upload', 9, 4, 2.9],
    ['upload', 1, 0.9, 0.3],
  ] as const)('%s, of %d days: not with %d left, but with %d', async (mode, days, good, late) => {
    const { system } = await machine(mode, maker.certificate(NAME, { names: `DNS:${NAME}`, days }));
    const at = (left: number): Date => new Date(Date.now() + (days - left) * DAY);
    expect((await certificateState(system, WANTED, at(good)))?.late).toBe(false);
    expect(await pressingWarnings(system, at(good))).toEqual([]);
    expect((await certificateState(system, WANTED, at(late)))?.late).toBe(true);
    expect((await pressingWarnings(system, at(late)))[0]?.en).toMatch(/^The certificate expires in \d+ days/);
  });

  test('that an authority gave none presses as well', async () => {
    const { system } = await machine('acme', certificate);
    await writeFailure(system, { time: '', code: 'directory-unreachable', detail: '', boot: '', clock: 0 });
    expect((await pressingWarnings(system)).map(({ en }) => en)).toEqual(['The authority cannot be reached.']);
  });
});

test.each([
  [{ late: false, daysLeft: 60 }, 0],
  [{ late: true, daysLeft: 29 }, 1],
  [{ late: true, daysLeft: 7 }, 2],
  [{ late: true, daysLeft: 4 }, 2],
  [{ late: true, daysLeft: 3 }, 3],
  [{ late: true, daysLeft: 0 }, 6],
  [{ late: true, daysLeft: -1 }, 7],
  [{ late: true, daysLeft: -100 }, 7],
])('%j is stage %d', (state, stage) => expect(stageOf(state)).toBe(stage));

describe('the mail before the end', () => {
  test('goes out once a stage, however often it is looked', async () => {
    const unit = await machine('acme', certificate);
    const counts: number[] = [];
    for (const days of [60, 14, 13, 13, 8, 7, 6, 4, 3, 3, 2, 1, 0, -1, -1, -5]) {
      expect(await tell(unit, days)).toEqual([]);
      counts.push(unit.sent().length);
    }
    expect(counts).toEqual([0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7, 7, 7]);
  });

  test('says in every language what is the matter, to who asked for notices, from who sends all mail', async () => {
    const unit = await machine('acme', certificate);
    await writeFailure(unit.system, { time: '', code: 'directory-unreachable', detail: '', boot: '', clock: 0 });
    await tell(unit, 5);
    const [head = '', ...body] = (unit.sent()[0] ?? '').split(/\r?\n\r?\n/);
    expect(head).toMatch(/^-i -f shop@example.org -- me@example.net\r?\n/);
    expect(head).toMatch(/^From: Shop <shop@example.org>\r?$/m);
    expect(head).toMatch(/^To: me@example.net\r?$/m);
    expect(head).toMatch(/^Subject: Shop \(.*\): the certificate ends on \d{4}-\d\d-\d\d\r?$/m);
    expect(head).toMatch(/^Auto-Submitted: auto-generated\r?$/m);
    const text = decoded(body.join('\n'));
    for (const part of [`DNS:${NAME}`, 'expires in 5 days', 'Check the directory URL', 'あと 5 日', 'дней: 5'])
      expect(text).toContain(part);
  });

  test('that could not be sent is said, and sent by the next run', async () => {
    const unit = await machine('upload', certificate);
    writeFileSync(join(unit.system.root, 'broken'), '');
    expect(await tell(unit, 20)).toEqual([expect.stringMatching(/^warning: this could not be sent by mail: sendmail/)]);
    rmSync(join(unit.system.root, 'broken'));
    expect(await tell(unit, 20)).toEqual([]);
    expect(unit.sent()).toHaveLength(1);
  });

  test('goes to root where nobody is named, and nowhere without mail', async () => {
    const unit = await machine('upload', certificate);
    await tell(unit, 20, { mode: 'none', noticesTo: 'me@example.net' });
    expect(unit.sent()).toEqual([]);
    await tell(unit, 20, { mode: 'direct', senderAddress: 'shop@example.org' });
    expect(unit.sent()).toEqual([expect.stringContaining('-- root@localhost\n')]);
  });

  test('of another certificate begins anew', async () => {
    const unit = await machine('upload', certificate);
    await tell(unit, 20);
    const { certificate: fullchain, key: privkey } = maker.certificate(NAME, { names: `DNS:${NAME}` });
    await install(unit.system, { fullchain, privkey, made: { mode: 'upload' } });
    await tell(unit, 20);
    expect(unit.sent()).toHaveLength(2);
  });
});
