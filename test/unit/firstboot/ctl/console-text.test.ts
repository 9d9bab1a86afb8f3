import { describe, expect, test } from 'vitest';

import { type ConsoleFacts, consoleText } from '../../../../firstboot/ctl/console-text.ts';

const FINGERPRINT = Array.from({ length: 32 }, (_, index) => index.toString(16).padStart(2, '0').toUpperCase()).join(':');
const WAITING: ConsoleFacts = {
  title: { en: 'Shop', ja: '店' },
  version: '1.2.3',
  hostName: 'shop',
  addresses: ['192.0.2.7', '2001:db8::7'],
  state: 'waiting',
  setupOpen: true,
  portsPassed: false,
  code: 'ABCDEFGHJKMN',
  fingerprint: FINGERPRINT,
  urls: [],
  notes: [],
};

describe('what a console shows', () => {
  test('of a unit that waits', () => {
    expect(consoleText(WAITING)).toBe(`Shop 1.2.3

State:        waiting to be set up
Host name:    shop
Addresses:    192.0.2.7
              2001:db8::7
Set up at:    https://192.0.2.7/
              https://[2001:db8::7]/
Code:         ABCD-EFGH-JKMN

The browser will warn. Go on only if it shows this certificate (SHA-256):
  00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F
  10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F
`);
  });

  test('while it is set up, at the port where the page is then', () => {
    const text = consoleText({ ...WAITING, state: 'applying', portsPassed: true, code: undefined });
    expect(text).toContain('State:        being set up\n');
    expect(text).toContain('https://192.0.2.7:8443/');
    expect(text).toContain('Code:         used');
  });

  test('of one that is ready: where the product is, and nothing of setup once that is closed', () => {
    const ready = {
      ...WAITING,
      state: 'ready',
      portsPassed: true,
      setupOpen: false,
      code: undefined,
      urls: ['https://shop.example.org/'],
    } as const;
    expect(consoleText(ready)).toContain('Open:         https://shop.example.org/\n');
    expect(consoleText(ready)).not.toMatch(/Code|SHA-256|8443/);
    expect(consoleText({ ...ready, setupOpen: true, code: 'ABCDEFGHJKMN' })).toMatch(/8443[\s\S]*Code: +ABCD-EFGH-JKMN/);
  });

  test('of one that failed: where, in lines that fit', () => {
    const reason = `nginx.service did not get ready ${'and said much about it '.repeat(10)}`;
    const text = consoleText({ ...WAITING, state: 'failed', failure: { step: 'start', reason } });
    expect(text).toContain('State:        FAILED at step start: nginx.service');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(78);
  });

  test('of one whose services are not up: while it starts, and afterwards', () => {
    expect(consoleText({ ...WAITING, state: 'starting' })).toContain('State:        starting\n');
    expect(consoleText({ ...WAITING, state: 'failed' })).toContain('State:        FAILED: a service is not ready\n');
  });

  test('without a certificate no fingerprint', () => {
    expect(consoleText({ ...WAITING, fingerprint: '' })).not.toContain('SHA-256');
  });

  test('without an address what to do', () => {
    const text = consoleText({ ...WAITING, addresses: [] });
    expect(text).toContain('Addresses:    none');
    expect(text).not.toContain('Set up at');
  });

  test('fits on a screen, in letters that it has, and gives no orders to the terminal', () => {
    const text = consoleText({
      ...WAITING,
      title: { en: 'Sphère \u001b[2J\u0007' },
      addresses: Array.from({ length: 40 }, (_, index) => `2001:db8:ffff:ffff:ffff:ffff:ffff:${index}`),
      failure: { step: 'x', reason: 'a\u001b]0;b\n\nc' },
      state: 'failed',
    });
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text.split('\n').length).toBeLessThan(24);
  });
});
