/** What comes from outside, as tables: hosts, languages, cookies, sockets, colours. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isOwnHost, originAt, parseHost } from '../../../../firstboot/web/host.ts';
import { LANGUAGES, preferredLanguage } from '../../../../firstboot/web/language.ts';
import { coloursCss, contrast } from '../../../../firstboot/web/look.ts';
import { cookieOf, formToken, Sessions, sameText } from '../../../../firstboot/web/session.ts';
import { addressOf, socketsOf } from '../../../../firstboot/web/sockets.ts';

describe('hosts', () => {
  const own = (header: string): boolean => {
    const host = parseHost(header);
    return host !== undefined && isOwnHost(host, ['unit', 'Shop.Example.org']);
  };

  it.each([
    '192.0.2.1',
    '192.0.2.1:8443',
    '[2001:db8::1]',
    '[::1]:443',
    'localhost',
    'LocalHost:1',
    'unit',
    'UNIT.',
    'shop.example.org:8443',
  ])('lets %s in', (header) => {
    expect(own(header)).toBe(true);
  });

  it.each([
    '',
    ' ',
    'evil',
    'unit.evil',
    'example.org',
    'shop.example.org.evil',
    '192.0.2.1.evil',
    '192.0.2.256',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    '[192.0.2.1]',
    '[::1',
    '::1',
    '[::g]',
    'unit:',
    'unit:8443:1',
    'a@unit',
    'unit/x',
    'unit evil',
    '0300.0.2.1',
    '3221225985',
  ])('keeps "%s" out', (header) => {
    expect(own(header)).toBe(false);
  });

  it('makes addresses of other ports', () => {
    expect(originAt({ name: '[::1]', port: 443 }, 8443)).toBe('https://[::1]:8443');
    expect(originAt({ name: 'unit', port: 8443 }, 443)).toBe('https://unit');
  });
});

it.each([
  [undefined, 'en'],
  ['', 'en'],
  ['ja', 'ja'],
  ['ja-JP,ja;q=0.9,en;q=0.8', 'ja'],
  ['de-DE,de;q=0.9,ru;q=0.5', 'ru'],
  ['en;q=0.1, ru;q=0.7', 'ru'],
  ['ru;q=0', 'en'],
  ['*', 'en'],
  ['fr, RU-ru', 'ru'],
  [';;;q=,,', 'en'],
])('for Accept-Language %s takes %s', (header, language) => {
  expect(preferredLanguage(header, LANGUAGES)).toBe(language);
  expect(preferredLanguage(header, ['ru'])).toBe('ru');
});

describe('cookies', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['a=1', '1'],
    ['b=2; a=1', '1'],
    ['a=1; a=2', '1'],
    ['xa=3;a=', ''],
    ['aa=1', undefined],
  ])('in "%s": a is %s', (header, value) => {
    expect(cookieOf(header, 'a')).toBe(value);
  });

  it('know a session by its token alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'session-'));
    const sessions = new Sessions(folder);
    expect(await sessions.tokenOf('__Host-unit=x')).toBeUndefined();
    const cookie = (await sessions.begin()).split(';')[0] ?? '';
    const token = cookie.slice('__Host-unit='.length);
    expect(await new Sessions(folder).tokenOf(`other=1; ${cookie}`)).toBe(token);
    const forged = fc.asyncProperty(fc.stringMatching(/^[A-Za-z0-9_-]{43}$/), async (other) => {
      expect(await sessions.tokenOf(`__Host-unit=${other}`)).toBe(other === token ? token : undefined);
    });
    await fc.assert(forged, { numRuns: 50 });
    expect(formToken(token)).not.toContain(token);
    await sessions.end();
    expect(await sessions.tokenOf(cookie)).toBeUndefined();
    expect(await new Sessions(folder).tokenOf(cookie)).toBeUndefined();
  });

  it('are compared whole', () => {
    expect(sameText('abc', 'abc')).toBe(true);
    for (const other of ['', 'ab', 'abd', 'abcd', 'ABC']) expect(sameText('abc', other)).toBe(false);
  });
});

describe('sockets', () => {
  it('come from systemd by name, several of one name too', () => {
    const env = { LISTEN_PID: '7', LISTEN_FDS: '4', LISTEN_FDNAMES: 'https:http:https-later:https' };
    expect(socketsOf(env, 7)).toEqual({ https: [{ fd: 3 }, { fd: 6 }], http: [{ fd: 4 }], 'https-later': [{ fd: 5 }] });
    expect(socketsOf(env, 8)).toEqual({ https: [], http: [], 'https-later': [] });
    expect(() => socketsOf({ ...env, LISTEN_FDNAMES: 'ftp' }, 7)).toThrow('"ftp"');
  });

  it('are addresses for trials', () => {
    expect(addressOf('127.0.0.1:8080')).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(addressOf('[::1]:0')).toEqual({ host: '::1', port: 0 });
    for (const text of ['8080', 'host', 'host:', 'host:99999', '::1:80']) expect(() => addressOf(text)).toThrow('HOST:PORT');
  });
});

describe('colours', () => {
  const property = (css: string, name: string): string => new RegExp(`--${name}:(#[0-9a-f]{6})`, 'i').exec(css)?.[1] ?? '';
  const hex = fc.stringMatching(/^#[0-9a-f]{6}$/);

  it('can be read whatever was chosen', () => {
    fc.assert(
      fc.property(hex, hex, (primary, accent) => {
        const css = coloursCss({ colours: { primary, accent } });
        expect(property(css, 'primary')).toBe(primary);
        expect(contrast(property(css, 'on-primary'), primary)).toBeGreaterThanOrEqual(4.5);
        expect(contrast(property(css, 'link'), '#ffffff')).toBeGreaterThanOrEqual(4.5);
      }),
    );
  });

  it('are reckoned as WCAG has them', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  });

  it.each(['red', '#fff', '#12345g', '#123456;}', 'url(//evil)', ''])('are not taken from "%s"', (primary) => {
    expect(coloursCss({ colours: { primary, accent: primary } })).toBe(coloursCss(undefined));
  });
});
