/** Textual encodings (RFC 7468), as people paste them: from Windows, with text around, on one line, with `\n` spelt out. */

export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, ... */
  label: string;
  /** As RFC 7468 wants it, headers of encrypted keys (RFC 1421) kept. */
  text: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*(?:-(?!----)[^-]*)*)-----END \1-----/g;
/** `Proc-Type: 4,ENCRYPTED` and `DEK-Info: ...` of a traditional OpenSSL key; the values have no spaces. */
const HEADER = /^\s*([A-Za-z][A-Za-z-]*:\s*\S+)/;

/** Every block of `text`, in its order. Never throws; what is in a block need not be what its label says. */
export function pemBlocks(text: string): PemBlock[] {
  const plain = text.replaceAll('\\r', '').replaceAll('\\n', '\n');
  return [...plain.matchAll(BLOCK)].map(([, label = '', body = '']) => ({ label, text: canonical(label, body) }));
}

function canonical(label: string, body: string): string {
  const headers: string[] = [];
  let rest = body;
  for (let found = HEADER.exec(rest); found !== null; found = HEADER.exec(rest)) {
    headers.push((found[1] as string).replace(/:\s*/, ': '));
    rest = rest.slice(found[0].length);
  }
  const lines = rest.replace(/\s+/g, '').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...headers, ...(headers.length > 0 ? [''] : []), ...lines, `-----END ${label}-----`, ''].join('\n');
}
