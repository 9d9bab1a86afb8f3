import { X509Certificate } from 'node:crypto';
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Inspection, inspect } from '../../../../../firstboot/sections/certificate/inspect.ts';
import { materialOf, readMaterial } from '../../../../../firstboot/sections/certificate/material.ts';
import { pemBlocks } from '../../../../../firstboot/sections/certificate/pem.ts';
import type { Certificate } from '../../../../../firstboot/sections/certificate/schema.ts';
import { weakHash } from '../../../../../firstboot/sections/certificate/signature.ts';
import { runs } from '../../../../helpers/runs.ts';
import { type Made, Maker } from './made.ts';

const NAME = 'shop.example.org';
const PASSPHRASE = 'pass "phrase" é';
const DAY = 24 * 3600 * 1000;
let maker: Maker;
let root: Made;
let intermediate: Made;
let leaf: Made;

beforeAll(() => {
  maker = new Maker();
  root = maker.certificate('Root of tests', { ca: true });
  intermediate = maker.certificate('Intermediate of tests', { ca: true, by: root });
  leaf = maker.certificate(NAME, { by: intermediate, names: `DNS:${NAME},DNS:*.apps.example.org`, usage: 'serverAuth' });
});
afterAll(() => rmSync(maker.folder, { recursive: true, force: true }));

interface Looking {
  names?: string[];
  now?: Date;
  trusted?: Made[];
}

function look(certificate: Certificate, { names = [NAME], now = new Date(), trusted = [] }: Looking = {}): Inspection {
  return inspect(materialOf(certificate), { names, now, roots: trusted.map((each) => new X509Certificate(each.certificate)) });
}

/** Codes of the findings that are not fine. */
function codes(certificate: Certificate, looking: Looking = {}): string[] {
  return look(certificate, looking).findings.flatMap(({ code, severity }) => (severity === 'ok' ? [] : [code]));
}

describe('a good upload', () => {
  const parts = (): string[] => [leaf.certificate, intermediate.certificate, leaf.key];

  it.each([
    ['in order', [0, 1, 2], []],
    ['the key first', [2, 0, 1], []],
    ['the chain upside down', [1, 0, 2], ['reordered']],
  ])('%s is read and put in order', (_, order, expected) => {
    const pem = order.map((index) => parts()[index]).join('');
    expect(codes({ pem }, { trusted: [root] })).toEqual(expected);
    const { chain, key } = look({ pem });
    expect(chain?.sent.map(String)).toEqual([leaf.certificate, intermediate.certificate]);
    expect(key?.export({ type: 'pkcs8', format: 'pem' })).toBe(leaf.key);
  });

  it('in two fields, or as a file, or encrypted', () => {
    const [certificate = '', middle = '', key = ''] = parts();
    const trusted = { trusted: [root] };
    expect(codes({ pem: certificate + middle, key }, trusted)).toEqual([]);
    expect(codes({ file: Buffer.from(parts().join('')).toString('base64') }, trusted)).toEqual([]);
    for (const form of ['pkcs8', 'traditional'] as const) {
      const encrypted = maker.encrypted(key, PASSPHRASE, form);
      expect(codes({ pem: certificate + middle + encrypted, passphrase: PASSPHRASE }, trusted)).toEqual([]);
      expect(codes({ pem: certificate + middle, key: encrypted })).toContain('passphrase-missing');
      expect(codes({ pem: certificate + middle, key: encrypted, passphrase: 'wrong' })).toContain('passphrase-wrong');
    }
  });

  it.each<[string, (text: string) => string]>([
    ['line ends of Windows and a mark in front', (text) => `\ufeff${text.replaceAll('\n', '\r\n')}`],
    ['text around the blocks', (text) => `Bag Attributes\n    friendlyName: x\n${text}\n-- the end --`],
    ['all on one line', (text) => text.replaceAll('\n', ' ')],
    ['line ends spelt out', (text) => text.replaceAll('\n', '\\n')],
    ['indented', (text) => text.replaceAll(/^/gm, '    ')],
    ['twice', (text) => text + text],
  ])('%s is no matter', (_, change) => {
    expect(codes({ pem: change(parts().join('')) }, { trusted: [root] })).toEqual([]);
  });

  it('an encrypted key in the old form survives being on one line', () => {
    const key = maker.encrypted(leaf.key, PASSPHRASE, 'traditional').replaceAll('\n', ' ');
    expect(codes({ pem: leaf.certificate + intermediate.certificate + key, passphrase: PASSPHRASE }, { trusted: [root] })).toEqual([]);
  });

  it('names count with their wildcards, and the common name does not', () => {
    const pem = parts().join('');
    const looking = (names: string[]): Looking => ({ names, trusted: [root] });
    expect(codes({ pem }, looking([NAME, 'one.apps.example.org', '*.apps.example.org']))).toEqual([]);
    expect(codes({ pem }, looking(['apps.example.org', 'a.b.apps.example.org']))).toEqual(['name-missing', 'name-missing']);
    const unnamed = maker.certificate(NAME, { by: root });
    expect(codes({ pem: unnamed.certificate + unnamed.key }, looking([NAME]))).toEqual(['name-missing']);
  });

  it('of an earlier and a later upload the later one is meant', () => {
    const later = maker.certificate(NAME, { by: intermediate, names: `DNS:${NAME}`, days: 200 });
    for (const pem of [parts().join('') + later.certificate + later.key, later.certificate + later.key + parts().join('')]) {
      const { chain, key } = look({ pem });
      expect(String(chain?.sent[0])).toBe(later.certificate);
      expect(key?.export({ type: 'pkcs8', format: 'pem' })).toBe(later.key);
    }
  });
});

describe('what an owner is told', () => {
  it.each<[string, () => Certificate, string[], Looking?]>([
    ['nothing at all', () => ({}), ['no-certificate', 'no-key']],
    ['no key', () => ({ pem: leaf.certificate + intermediate.certificate }), ['no-key', 'incomplete']],
    ['a key alone', () => ({ key: leaf.key }), ['no-certificate']],
    ['the key of another', () => ({ pem: leaf.certificate + root.key }), ['mismatch']],
    ['a torn certificate', () => ({ pem: leaf.certificate.replace('MII', 'MIQ') + leaf.key }), ['bad-certificate']],
    [
      'a torn key',
      () => ({ pem: leaf.certificate, key: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n' }),
      ['bad-key', 'incomplete'],
    ],
    ['a missing intermediate', () => ({ pem: leaf.certificate + leaf.key }), ['incomplete']],
    [
      'a private authority',
      () => ({ pem: leaf.certificate + leaf.key + intermediate.certificate + root.certificate }),
      ['private-authority'],
    ],
    [
      'something that does not belong',
      () => ({ pem: leaf.certificate + leaf.key + intermediate.certificate + maker.certificate('Stray', { ca: true }).certificate }),
      ['unrelated'],
      { trusted: [] },
    ],
    [
      'dates that are over',
      () => ({ pem: leaf.certificate + leaf.key + intermediate.certificate }),
      ['expired', 'intermediate-expired'],
      { now: new Date(Date.now() + 91 * DAY) },
    ],
    [
      'dates that are about to be',
      () => ({ pem: leaf.certificate + leaf.key + intermediate.certificate }),
      ['expires'],
      { now: new Date(Date.now() + 61 * DAY) },
    ],
    [
      'dates to come',
      () => ({ pem: leaf.certificate + leaf.key + intermediate.certificate }),
      ['not-yet-valid', 'intermediate-expired'],
      { now: new Date(Date.now() - DAY) },
    ],
    [
      'a self-signed one',
      () => {
        const own = maker.certificate(NAME, { names: `DNS:${NAME}` });
        return { pem: own.certificate + own.key };
      },
      ['self-signed'],
    ],
    [
      'one of a client',
      () => {
        const own = maker.certificate(NAME, { names: `DNS:${NAME}`, usage: 'clientAuth' });
        return { pem: own.certificate + own.key };
      },
      ['not-for-servers', 'self-signed'],
    ],
    [
      'a short key',
      () => {
        const own = maker.certificate(NAME, { names: `DNS:${NAME}`, key: ['-newkey', 'rsa:1024'] });
        return { pem: own.certificate + own.key };
      },
      ['weak-key', 'self-signed'],
    ],
    [
      'a key that browsers do not know',
      () => {
        const own = maker.certificate(NAME, { names: `DNS:${NAME}`, key: ['-newkey', 'ed25519'] });
        return { pem: own.certificate + own.key };
      },
      ['rare-key', 'self-signed'],
    ],
    [
      'a hash that can be forged',
      () => {
        const own = maker.certificate(NAME, { by: root, names: `DNS:${NAME}`, digest: 'sha1' });
        return { pem: own.certificate + own.key + root.certificate };
      },
      ['weak-hash', 'private-authority'],
    ],
  ])('%s', (_, certificate, expected, looking = {}) => {
    // Without a root of ours a chain of the tests ends at a stranger: said apart from what each case is about.
    const found = codes(certificate(), {
      trusted: expected.some((code) => ['incomplete', 'private-authority', 'self-signed'].includes(code)) ? [] : [root],
      ...looking,
    });
    expect(found.filter((code) => code !== 'incomplete' || expected.includes('incomplete'))).toEqual(expected);
  });

  it('is in three languages, and blocks only what no server could use', () => {
    const { findings } = look({ pem: leaf.certificate + root.key });
    for (const { message, remedy, blocks } of findings) {
      expect(Object.keys({ ...message })).toEqual(['en', 'ja', 'ru']);
      expect(Object.keys({ ...remedy })).toEqual(['en', 'ja', 'ru']);
      expect(blocks).toBe(true);
    }
    const late = look({ pem: leaf.certificate + leaf.key + intermediate.certificate }, { now: new Date(Date.now() + 91 * DAY) });
    expect(late.findings.filter(({ blocks }) => blocks)).toEqual([]);
  });
});

describe('anything at all', () => {
  const label = fc.constantFrom('CERTIFICATE', 'PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'X509 CRL', '');
  const base64 = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  const headers = fc.constantFrom(
    '',
    'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0123456789ABCDEF0123456789ABCDEF\n\n',
    'Proc-Type: 4,ENCRYPTED\n',
  );
  const block = fc
    .tuple(label, headers, fc.oneof(base64, fc.string()))
    .map(([name, head, body]) => `-----BEGIN ${name}-----\n${head}${body}\n-----END ${name}-----\n`);
  /** A good one with some of its characters changed or cut. */
  const torn = fc
    .record({ which: fc.nat(5), at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(40), put: fc.string({ maxLength: 4 }) })
    .map(({ which, at, cut, put }) => {
      const good = [leaf.certificate, leaf.key, intermediate.certificate, root.certificate, root.key, leaf.certificate][which] as string;
      const from = Math.floor(at * good.length);
      return good.slice(0, from) + put + good.slice(from + cut);
    });
  const text = fc.array(fc.oneof(block, torn, fc.string()), { maxLength: 5 }).map((parts) => parts.join(''));

  it('is never more than a finding', () => {
    fc.assert(
      fc.property(text, fc.option(fc.string(), { nil: undefined }), (pem, passphrase) => {
        const inspection = inspect(readMaterial(pem, passphrase), { names: [NAME], now: new Date(), roots: [] });
        const blocked = inspection.findings.some(({ blocks }) => blocks);
        expect(blocked || (inspection.chain !== undefined && inspection.key !== undefined)).toBe(true);
      }),
      runs(300),
    );
  });

  it('bytes of a certificate changed in place neither throw nor hang', () => {
    const { raw } = new X509Certificate(leaf.certificate);
    fc.assert(
      fc.property(fc.nat(raw.length - 1), fc.nat(255), fc.nat(raw.length), (at, byte, length) => {
        const changed = Buffer.from(raw.subarray(0, Math.max(length, 1)));
        if (at < changed.length) changed[at] = byte;
        expect(() => weakHash({ raw: changed } as unknown as X509Certificate)).not.toThrow();
        const pem = `-----BEGIN CERTIFICATE-----\n${changed.toString('base64')}\n-----END CERTIFICATE-----\n${leaf.key}`;
        expect(() => inspect(readMaterial(pem), { names: [NAME], now: new Date(), roots: [] })).not.toThrow();
      }),
      runs(300),
    );
  });

  it('a megabyte of beginnings is read in no time', () => {
    const began = performance.now();
    expect(pemBlocks('-----BEGIN CERTIFICATE-----'.repeat(40_000))).toEqual([]);
    expect(pemBlocks(`-----BEGIN A-----${'- '.repeat(500_000)}`)).toEqual([]);
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
