/**
 * Keys and certificates in all content of a disk, found in one streamed pass: PEM (RFC 7468) of any kind, also base64
 * encoded or inside JSON, OpenSSH, PuTTY, SSH2, and by the first bytes DER (PKCS #1, #8, #12, X.509) and Java key stores.
 * Compressed archives are not looked into.
 */
import { X509Certificate } from 'node:crypto';
import { readSync } from 'node:fs';

import type { SealedEntry, SealedTree } from './tree.ts';

export interface KeyMaterial {
  entry: SealedEntry;
  kind: 'private-key' | 'certificate';
  /** What it is, for people: `RSA PRIVATE KEY`, `PKCS #12 store`. */
  what: string;
  /** The PEM block itself, for certificates. */
  pem?: string;
}

const CHUNK = 8 << 20;
/** Longest needle, so that none is lost between two chunks. */
const OVERLAP = 64;
/** More than any key or certificate takes. */
const MAX_BLOCK = 64 << 10;
/** `-----BEGIN ` in base64, at each of the three alignments without their uncertain ends. */
const NEEDLES = ['-----BEGIN ', '---- BEGIN SSH2 ', 'PuTTY-User-Key-File-', 'LS0tLS1CRUdJTi', '0tLS0tQkVHSU4g', 'tLS0tLUJFR0lOI'].map(
  (text) => Buffer.from(text),
);

/** What follows the label of a real block: headers (RFC 1421) where there are some, then base64, maybe in the quotes of a program. */
const BODY = /^["'+,]*\s*\n(?:[A-Za-z0-9-]+: .*\n(?:[ \t].*\n)*)*[\s"'+,]*[A-Za-z0-9+/]{16}/;

/** Everything that looks like a key or a certificate and has a body; documentation and programs that only name the marker do not. */
export async function findKeyMaterial(tree: SealedTree, signal: AbortSignal): Promise<KeyMaterial[]> {
  const spans = tree.entries
    .filter((entry): entry is SealedEntry & { offset: number } => entry.offset !== undefined)
    .sort((a, b) => a.offset - b.offset);
  const found: KeyMaterial[] = [];
  for (const span of spans) found.push(...byFirstBytes(tree, span));
  for await (const position of needlePositions(tree.contents, signal)) {
    for (const entry of spansAt(spans, position)) found.push(...atMarker(tree, entry, position - entry.offset));
  }
  return found.sort((a, b) => (a.entry.path < b.entry.path ? -1 : a.entry.path > b.entry.path ? 1 : 0));
}

async function* needlePositions(file: number, signal: AbortSignal): AsyncGenerator<number> {
  const buffer = Buffer.alloc(CHUNK + OVERLAP);
  let carried = 0;
  for (let position = 0; ; ) {
    signal.throwIfAborted();
    const read = readSync(file, buffer, carried, CHUNK, position);
    if (read === 0) return;
    const filled = carried + read;
    const start = position - carried;
    yield* positionsIn(buffer.subarray(0, filled), read === CHUNK ? filled - OVERLAP : filled, start);
    carried = Math.min(OVERLAP, filled);
    buffer.copy(buffer, 0, filled - carried, filled);
    position += read;
    // Reading is synchronous: let Ctrl-C through between chunks.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Positions below `limit`: what begins behind it is seen whole in the next chunk. */
function* positionsIn(buffer: Buffer, limit: number, start: number): Generator<number> {
  for (const needle of NEEDLES) {
    for (let at = buffer.indexOf(needle); at >= 0 && at < limit; at = buffer.indexOf(needle, at + 1)) yield start + at;
  }
}

type Span = SealedEntry & { offset: number };

/** The entries whose content holds a position: several where files are hard links of one another. */
function spansAt(spans: readonly Span[], position: number): Span[] {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.offset ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  const holding: Span[] = [];
  const begin = spans[low - 1]?.offset;
  for (let index = low - 1; index >= 0 && spans[index]?.offset === begin; index -= 1) {
    const span = spans[index];
    if (span !== undefined && position < span.offset + span.size) holding.push(span);
  }
  return holding;
}

function atMarker(tree: SealedTree, entry: Span, at: number): KeyMaterial[] {
  const part = { ...entry, offset: entry.offset + at, size: entry.size - at };
  const text = tree.bytes(part, MAX_BLOCK).toString('latin1');
  if (text.startsWith('PuTTY')) {
    return /^PuTTY-User-Key-File-\d: \S+[\s\S]*?\nPrivate-Lines: \d/.test(text)
      ? [{ entry, kind: 'private-key', what: 'PuTTY private key' }]
      : [];
  }
  if (text.startsWith('-')) return fromPem(entry, text);
  return fromBase64(entry, text);
}

/** A block counts when its label is one of ours and it has a body. */
function fromPem(entry: SealedEntry, text: string): KeyMaterial[] {
  const label = /^-{4,5} ?BEGIN ([A-Z0-9 ]{3,48}?) ?-{4,5}/.exec(text);
  if (label?.[1] === undefined) return [];
  const body = text.slice(label[0].length).replaceAll('\\n', '\n').replaceAll('\\r', '');
  const end = body.search(/-{4,5} ?END /);
  if (end < 0 || !BODY.test(body.slice(0, end))) return [];
  if (label[1].includes('PRIVATE KEY')) return [{ entry, kind: 'private-key', what: label[1] }];
  if (!/^(X509 |TRUSTED )?CERTIFICATE$/.test(label[1])) return [];
  const base64 = body.slice(0, end).replace(/[^A-Za-z0-9+/=]/g, '');
  const pem = `-----BEGIN CERTIFICATE-----\n${(base64.match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;
  return [{ entry, kind: 'certificate', what: label[1], pem }];
}

/** PEM encoded once more, as Kubernetes and cloud-init do. Only the label is decoded: the rest is as long as it is. */
function fromBase64(entry: SealedEntry, text: string): KeyMaterial[] {
  const body = /^[A-Za-z0-9+/=\s]+/.exec(text)?.[0].replace(/\s/g, '') ?? '';
  // The three alignments: the characters before the marker in its group of four are made up.
  const aligned = text.startsWith('LS0t') ? body : text.startsWith('0tLS') ? `AA${body}` : `AAA${body}`;
  const decoded = Buffer.from(aligned, 'base64').toString('latin1');
  const label = /BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----\s+\S{16}/.exec(decoded)?.[1];
  return label === undefined ? [] : [{ entry, kind: 'private-key', what: `${label} in base64` }];
}

/** DER and key stores, whatever their names. */
function byFirstBytes(tree: SealedTree, entry: Span): KeyMaterial[] {
  if (entry.size < 64 || entry.size > MAX_BLOCK * 16) return [];
  const head = tree.bytes(entry, 32);
  const magic = head.readUInt32BE(0);
  if (magic === 0xfeedfeed || magic === 0xcececece) {
    // Version, count, then the tag of the first entry: 1 is a private key, 2 a trusted certificate.
    return head.readUInt32BE(12) === 1 ? [{ entry, kind: 'private-key', what: 'Java key store' }] : [];
  }
  const body = derBody(head, entry.size);
  if (body === undefined) return [];
  if (body[0] === 0x30) return fromCertificate(entry, tree.bytes(entry, entry.size));
  const what = derKind(body);
  return what === undefined ? [] : [{ entry, kind: 'private-key', what }];
}

/** What a SEQUENCE that is the whole file begins with (X.690, 8.1). */
function derBody(head: Buffer, size: number): Buffer | undefined {
  if (head[0] !== 0x30) return undefined;
  const first = head[1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (lengthBytes > 3) return undefined;
  const length = lengthBytes === 0 ? first : head.readUIntBE(2, lengthBytes);
  const body = 2 + lengthBytes;
  return body + length === size ? head.subarray(body) : undefined;
}

/** A SEQUENCE in a SEQUENCE may be much else (requests, lists of revoked ones): the parser decides. */
function fromCertificate(entry: SealedEntry, bytes: Buffer): KeyMaterial[] {
  try {
    return [{ entry, kind: 'certificate', what: 'CERTIFICATE', pem: new X509Certificate(bytes).toString() }];
  } catch {
    return [];
  }
}

/** SEQUENCE { INTEGER 0, ... } is PKCS #1 or #8, SEQUENCE { INTEGER 1, OCTET STRING } is SEC 1, SEQUENCE { INTEGER 3, ... } PKCS #12. */
function derKind(body: Buffer): string | undefined {
  const [tag, width, version, next, after] = body;
  if (tag !== 0x02 || width !== 0x01) return undefined;
  if (version === 0 && next === 0x02 && (after ?? 0) > 16) return 'PKCS #1 private key';
  if (version === 0 && next === 0x30) return 'PKCS #8 private key';
  if (version === 1 && next === 0x04) return 'SEC 1 private key';
  return version === 3 && next === 0x30 ? 'PKCS #12 store' : undefined;
}
