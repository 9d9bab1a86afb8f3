import { createSocket, type Socket } from 'node:dgram';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

import { keyboardFile } from '../../../../firstboot/contract/keyboard.ts';
import { System } from '../../../../firstboot/kit/system.ts';
import { keeperOf } from '../../../../firstboot/sections/time/keeper.ts';
import { type ServerAnswer, skewReport } from '../../../../firstboot/sections/time/skew.ts';
import { querySntp } from '../../../../firstboot/sections/time/sntp.ts';
import { validateAnswers } from '../../../../firstboot/settings/index.ts';
import { fakeProgram } from '../../../helpers/fake-program.ts';

const ERA = 2_208_988_800;
let server: Socket | undefined;
afterEach(() => server?.close());

/** A time server on loopback whose clock is `ahead` milliseconds ahead; `change` spoils its answers. */
async function serve(ahead: number, change: (answer: Buffer) => void = () => undefined): Promise<number> {
  const socket = createSocket('udp4');
  server = socket;
  socket.on('message', (question, { port, address }) => {
    const answer = Buffer.alloc(48);
    answer[0] = ((question[0] ?? 0) & 0x38) | 4;
    answer[1] = 2;
    question.copy(answer, 24, 40, 48);
    for (const at of [32, 40]) {
      const now = Date.now() + ahead;
      answer.writeUInt32BE((Math.floor(now / 1000) + ERA) % 2 ** 32, at);
      answer.writeUInt32BE(Math.floor(((now % 1000) / 1000) * 2 ** 32), at + 4);
    }
    change(answer);
    socket.send(answer, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket.address().port;
}

describe('the servers that are asked', () => {
  // As timedatectl(1) of systemd 257 and chronyc(1) of chrony 4.6 say them.
  const TIMESYNCD = 'LinkNTPServers=\nSystemNTPServers=\nFallbackNTPServers=0.debian.pool.ntp.org 1.debian.pool.ntp.org\n';
  const CHRONY =
    '^,*,2.debian.pool.ntp.org,2,6,377,12,0.1,0.1,0.01\n^,-,2.debian.pool.ntp.org,3,6,377,12,0.1,0.1,0.01\n^,?,ntp.example.org,0,6,0,4294967295,0.0,0.0,0.0\n';

  function machine(programs: Record<string, string>): System {
    const root = mkdtempSync(join(tmpdir(), 'unit-time-'));
    for (const [name, text] of Object.entries(programs)) fakeProgram(name, `cat <<'END'\n${text}END`, root);
    return new System({ root, path: `${root}:/usr/bin:/bin`, signal: new AbortController().signal });
  }

  it("are systemd's where nothing else keeps the time", async () => {
    const keeper = await keeperOf(machine({ timedatectl: TIMESYNCD }));
    expect(keeper.service).toBe('systemd-timesyncd.service');
    expect(await keeper.inUse(machine({ timedatectl: TIMESYNCD }))).toEqual(['0.debian.pool.ntp.org', '1.debian.pool.ntp.org']);
    const named = TIMESYNCD.replace('LinkNTPServers=', 'LinkNTPServers=192.0.2.1');
    expect(await keeper.inUse(machine({ timedatectl: named }))).toEqual(['192.0.2.1']);
  });

  it("are chrony's where the image has that, each once", async () => {
    const system = machine({ chronyc: CHRONY });
    mkdirSync(join(system.root, 'usr/sbin'), { recursive: true });
    writeFileSync(join(system.root, 'usr/sbin/chronyd'), '');
    const keeper = await keeperOf(system);
    expect(keeper.service).toBe('chrony.service');
    expect(await keeper.inUse(system)).toEqual(['2.debian.pool.ntp.org', 'ntp.example.org']);
    expect(await keeper.inUse(machine({ chronyc: '' }))).toEqual([]);
  });
});

describe('querySntp', () => {
  it.each([
    ['right', 0],
    ['an hour ahead', 3_600_000],
    ['a day behind', -86_400_000],
    ['after the counter of seconds has run over, in 2036', Date.UTC(2040, 0) - Date.now()],
  ])('measures a server that is %s', async (_name, ahead) => {
    const answer = await querySntp('127.0.0.1', { port: await serve(ahead) });
    expect(Math.abs(answer.offset - ahead)).toBeLessThan(250);
    expect(answer.delay).toBeGreaterThanOrEqual(-1);
    expect(answer.stratum).toBe(2);
  });

  it.each<[string, (answer: Buffer) => void, RegExp]>([
    ['whose clock is not set', (answer) => answer.writeUInt8(0xe4, 0), /its own clock is not set/],
    ['that refuses to serve (kiss of death)', (answer) => answer.writeUInt8(0, 1), /its own clock is not set/],
    ['that answers another question', (answer) => answer.writeUInt8((answer[24] ?? 0) ^ 1, 24), /does not answer/],
    ['that is a client itself', (answer) => answer.writeUInt8(0x23, 0), /does not answer/],
  ])('takes no time of a server %s', async (_name, change, message) => {
    await expect(querySntp('127.0.0.1', { port: await serve(0, change), timeout: 300 })).rejects.toThrow(message);
  });

  it('says where nobody is', async () => {
    const port = await serve(0);
    server?.close();
    server = undefined;
    await expect(querySntp('127.0.0.1', { port, timeout: 1000 })).rejects.toThrow(/ECONNREFUSED|does not answer/);
  });
});

describe('time/skew', () => {
  const answering = (offset: number): ServerAnswer => ({ server: 'ntp.example.org', answer: { offset, delay: 3, stratum: 1 } });
  const silent: ServerAnswer = { server: '192.0.2.1', why: { en: 'it does not answer', ja: '応答なし', ru: 'не отвечает' } };

  it.each<[string, ServerAnswer[], number | undefined, string[]]>([
    ['all agree', [answering(20)], 1, ['ok', 'ok']],
    ['the browser is a little off', [answering(20)], 12, ['info', 'ok']],
    ['the browser is far off', [answering(20)], -4000, ['warning', 'ok']],
    ['nobody answers', [silent], 0, ['ok', 'warning']],
    ['the clock is off by the servers', [answering(90_000), silent], undefined, ['warning']],
    ['no server is known', [], undefined, ['warning']],
  ])('%s', (_name, servers, ahead, severities) => {
    const { findings, table } = skewReport(servers, ahead);
    expect(findings.map(({ severity }) => severity)).toEqual(severities);
    for (const { message, remedy } of findings) {
      for (const texts of [message, remedy ?? message]) expect(Object.keys(texts).sort()).toEqual(['en', 'ja', 'ru']);
    }
    expect(table?.rows).toHaveLength(servers.length);
  });

  it('says which way, and shows each server', () => {
    const { findings, table, data } = skewReport([answering(-1500), silent], -4000);
    expect(findings[0]?.message.en).toBe("The unit's clock is 4000 s behind this browser's.");
    expect(table?.rows).toEqual([
      ['ntp.example.org', '1.500', { en: 'stratum 1, 3 ms', ja: '階層 1、3 ミリ秒', ru: 'уровень 1, 3 мс' }],
      ['192.0.2.1', '', silent.why],
    ]);
    expect(data).toEqual({ browserSkew: -4000 });
  });
});

describe('locale and keyboard', () => {
  it.each([
    ['C.UTF-8', 'us', []],
    ['ja_JP.UTF-8', 'jp', []],
    ['ru_RU.KOI8-R', 'us', ['/time/locale']],
    ['ru_RU.UTF-8\nLC_ALL=x', 'us', ['/time/locale']],
    ['C.UTF-8', 'us"; x', ['/time/keyboard']],
  ])('%j with %j', (locale, keyboard, wrong) => {
    expect(validateAnswers({ schemaVersion: 1, time: { locale, keyboard } }, undefined).map(({ path }) => path)).toEqual(wrong);
  });

  it('Latin letters can always be typed', () => {
    expect(keyboardFile('de')).toContain('XKBLAYOUT="de"\nXKBVARIANT=""\nXKBOPTIONS=""\n');
    expect(keyboardFile('ru')).toContain('XKBLAYOUT="us,ru"\nXKBVARIANT=","\nXKBOPTIONS="grp:alt_shift_toggle"\n');
  });
});
