import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { writeFileAtomic } from '../../../builder/kit/files.ts';
import { canonicalJson, hashData, hashTree, sha256 } from '../../../builder/kit/hash.ts';
import { compileSchema } from '../../../builder/kit/schema.ts';
import { passwordsIn, publicUrl, Secrets, withoutCredentials } from '../../../builder/kit/secrets.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'kit-'));

describe('hashes', () => {
  it('canonical JSON does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
        const turned = Object.fromEntries(Object.entries(data).reverse());
        return canonicalJson(turned as never) === canonicalJson(data as never);
      }),
    );
    expect(hashData({ a: 1 })).not.toBe(hashData({ a: '1' }));
  });

  it('is the SHA-256 of the standard', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it.each([
    ['content', (root: string) => writeFileSync(join(root, 'a'), 'changed')],
    ['a name', (root: string) => writeFileSync(join(root, 'new'), '')],
    ['the executable bit', (root: string) => chmodSync(join(root, 'a'), 0o755)],
    ['a link', (root: string) => symlinkSync('a', join(root, 'link'))],
  ])('a tree hashes otherwise after a change of %s', async (_what, change) => {
    const root = folder();
    mkdirSync(join(root, 'sub'));
    writeFileSync(join(root, 'a'), 'x');
    const before = await hashTree(root);
    expect(await hashTree(root)).toBe(before);
    change(root);
    expect(await hashTree(root)).not.toBe(before);
  });
});

describe('writeFileAtomic', () => {
  it('replaces the whole file and leaves nothing beside it', async () => {
    const root = folder();
    await writeFileAtomic(join(root, 'f'), 'one');
    await writeFileAtomic(join(root, 'f'), 'two', 0o600);
    expect(readFileSync(join(root, 'f'), 'utf8')).toBe('two');
    expect(readdirSync(root)).toEqual(['f']);
  });
});

describe('secrets', () => {
  it('are scrubbed in every form in which they travel', () => {
    const secrets = new Secrets();
    secrets.register('pa"ss word/ü');
    const forms = [
      'pa"ss word/ü',
      JSON.stringify('pa"ss word/ü'),
      encodeURIComponent('pa"ss word/ü'),
      Buffer.from('pa"ss word/ü').toString('base64'),
    ];
    for (const form of forms) expect(secrets.scrub(`x ${form} y`)).not.toContain(form.replaceAll('"', ''));
  });

  it('passwords of URLs are found, as written and decoded, and as HTTP sends them', () => {
    expect(passwordsIn('deb http://ada:p%40ss@example.org/debian trixie main, https://x:y@z')).toEqual([
      'p%40ss',
      'p@ss',
      'ada:p@ss',
      'y',
      'x:y',
    ]);
    expect(passwordsIn('https://user@example.org https://example.org:8080/a@b 10:30')).toEqual([]);
    expect(passwordsIn('http://ada:100%@example.org')).toContain('100%');
  });

  it('URLs lose their credentials', () => {
    expect(withoutCredentials('https://user:pw@example.org/x')).toBe('https://example.org/x');
    expect(withoutCredentials('https://example.org/a@b')).toBe('https://example.org/a@b');
  });

  it.each([
    ['https://user:pw@example.org:8443/a/b%20c.tgz?X-Amz-Signature=abc#part', 'https://example.org:8443/a/b%20c.tgz'],
    ['HTTP://user@example.org/x', 'http://example.org/x'],
    ['file:///home/me/x.tgz', undefined],
    ['ftp://example.org/x', undefined],
    ['', undefined],
  ])('what is published of %j is %j', (url, published) => {
    expect(publicUrl(url)).toBe(published);
  });
});

describe('compileSchema', () => {
  it('compiles a schema once for each set of options', () => {
    const schema = { type: 'object', shown: true };
    expect(() => compileSchema(schema)).toThrow('unknown keyword');
    const lenient = compileSchema(schema, { strict: false });
    expect(compileSchema(schema, { strict: false })).toBe(lenient);
    expect(() => compileSchema(schema)).toThrow('unknown keyword');
    expect(lenient(1)).toMatchObject([{ keyword: 'type', path: '' }]);
  });
});
