/** Certificates and a key out of whatever an owner pastes or uploads. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

import { type Finding, finding } from './findings.ts';
import { type PemBlock, pemBlocks } from './pem.ts';
import type { Certificate } from './schema.ts';

export interface Material {
  /** In the order given, each once. */
  certificates: X509Certificate[];
  /** Those that could be opened; more than one where an earlier upload is still among the settings. */
  keys: KeyObject[];
  /** What kept parts of it from being read. */
  findings: Finding[];
}

const CERTIFICATE_LABELS = new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE']);

/** What the settings give for an upload. Never throws: what is wrong is in the findings. */
export function materialOf({ pem = '', key = '', file = '', passphrase }: Certificate): Material {
  return readMaterial([pem, key, fromBase64(file)].join('\n'), passphrase);
}

/** Everything in `text`. Never throws. */
export function readMaterial(text: string, passphrase?: string): Material {
  const blocks = pemBlocks(text);
  const findings: Finding[] = [];
  const certificates: X509Certificate[] = [];
  for (const { text: each } of blocks.filter(({ label }) => CERTIFICATE_LABELS.has(label))) {
    const certificate = parseCertificate(each);
    if (certificate === undefined) findings.push(finding('bad-certificate'));
    else if (!certificates.some((known) => known.raw.equals(certificate.raw))) certificates.push(certificate);
  }
  if (certificates.length === 0 && findings.length === 0) findings.push(finding('no-certificate'));
  const keys = [...new Map(blocks.filter(({ label }) => label.endsWith('PRIVATE KEY')).map((block) => [block.text, block])).values()];
  const opened = keys.map((block) => openKey(block, passphrase));
  const open = opened.filter((each) => typeof each === 'object');
  const failed = opened.find((each) => typeof each === 'string');
  if (keys.length === 0) findings.push(finding('no-key'));
  // One that another one stands in for is not missed.
  else if (open.length === 0 && failed !== undefined) findings.push(finding(failed));
  return { certificates, keys: open, findings };
}

/** Undefined where it is none. */
function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(pem);
    // Read lazily, so that a wrong one would throw later.
    return certificate.publicKey === undefined ? undefined : certificate;
  } catch {
    return undefined;
  }
}

function openKey(
  { label, text }: PemBlock,
  passphrase: string | undefined,
): KeyObject | 'bad-key' | 'passphrase-missing' | 'passphrase-wrong' {
  const encrypted = label.startsWith('ENCRYPTED') || /^Proc-Type:.*ENCRYPTED/m.test(text);
  if (encrypted && passphrase === undefined) return 'passphrase-missing';
  try {
    return createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    return encrypted && !UNSUPPORTED.has((error as NodeJS.ErrnoException).code ?? '') ? 'passphrase-wrong' : 'bad-key';
  }
}

/** Codes of Node for a cipher that OpenSSL has put into its legacy provider, and for data that is no key at all. */
const UNSUPPORTED = new Set([
  'ERR_OSSL_UNSUPPORTED',
  'ERR_OSSL_EVP_UNSUPPORTED',
  'ERR_OSSL_ASN1_WRONG_TAG',
  'ERR_OSSL_ASN1_NOT_ENOUGH_DATA',
]);

function fromBase64(file: string): string {
  return Buffer.from(file, 'base64').toString('latin1');
}
