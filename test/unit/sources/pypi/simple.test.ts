import { describe, expect, it } from 'vitest';

import { parsePage } from '../../../../builder/sources/pypi/simple.ts';

const HASH = 'd'.repeat(64);

describe('parsePage', () => {
  it('reads HTML (PEP 503)', () => {
    const html = `<!DOCTYPE html><body><a href="../../packages/x-1.tar.gz#sha256=${HASH}" data-requires-python="&gt;=3">x-1.tar.gz</a>
      <A  class=a href='https://files.example.org/x%2B1.tar.gz'>x</A></body>`;
    expect(parsePage(html, 'https://example.org/simple/x/')).toEqual([
      { file: 'x-1.tar.gz', url: 'https://example.org/packages/x-1.tar.gz', sha256: HASH },
      { file: 'x+1.tar.gz', url: 'https://files.example.org/x%2B1.tar.gz', sha256: undefined },
    ]);
  });

  it('reads JSON (PEP 691)', () => {
    const json = JSON.stringify({
      files: [{ filename: 'x-1.tar.gz', url: 'x-1.tar.gz', hashes: { sha256: HASH } }, { filename: 'no url' }],
    });
    expect(parsePage(json, 'https://example.org/simple/x/')).toEqual([
      { file: 'x-1.tar.gz', url: 'https://example.org/simple/x/x-1.tar.gz', sha256: HASH },
    ]);
  });

  it("takes the index's log-in along to its own host, and to no other", () => {
    const html = '<a href="/f/x-1.tar.gz">a</a><a href="https://files.example.org/y-1.tar.gz">b</a>';
    expect(parsePage(html, 'https://me:pw@example.org/simple/x/').map(({ url }) => url)).toEqual([
      'https://me:pw@example.org/f/x-1.tar.gz',
      'https://files.example.org/y-1.tar.gz',
    ]);
  });

  it('finds nothing in a page that is something else', () => {
    expect(parsePage('<html>log in first</html>', 'https://example.org/simple/x/')).toEqual([]);
  });
});
