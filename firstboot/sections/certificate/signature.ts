/** With what a certificate is signed: Node 20 does not tell, and two elements of DER (X.690) are all that it takes. */
import type { X509Certificate } from 'node:crypto';

/** Signature algorithms that nobody may trust any more; OpenSSL refuses them at Debian's security level 2. */
const WEAK = new Map([
  ['2a864886f70d010102', 'MD2'],
  ['2a864886f70d010104', 'MD5'],
  ['2a864886f70d010105', 'SHA-1'],
  ['2b0e03021d', 'SHA-1'],
  ['2a8648ce380403', 'SHA-1'],
  ['2a8648ce3d0401', 'SHA-1'],
]);

interface Element {
  /** Where its content begins and ends. */
  from: number;
  to: number;
}

/** The weak hash that the certificate is signed with; undefined where it is not. */
export function weakHash({ raw }: X509Certificate): string | undefined {
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm OBJECT IDENTIFIER, ... }, ... }
  const certificate = elementAt(raw, 0);
  const tbs = certificate && elementAt(raw, certificate.from);
  const algorithm = tbs && elementAt(raw, tbs.to);
  const identifier = algorithm && elementAt(raw, algorithm.from);
  return identifier && WEAK.get(raw.subarray(identifier.from, identifier.to).toString('hex'));
}

function elementAt(der: Buffer, at: number): Element | undefined {
  const first = der[at + 1];
  if (first === undefined) return undefined;
  if (first < 0x80) return { from: at + 2, to: at + 2 + first };
  const size = first & 0x7f;
  if (size === 0 || size > 4 || at + 2 + size > der.length) return undefined;
  const from = at + 2 + size;
  return { from, to: from + der.readUIntBE(at + 2, size) };
}
