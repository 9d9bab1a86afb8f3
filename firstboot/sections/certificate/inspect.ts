/** Is this certificate good for this unit? A pure function: the clock and the trusted roots are given. */
import type { KeyObject, X509Certificate } from 'node:crypto';

import { type Chain, chainOf, isSelfSigned, issued } from './chain.ts';
import { type Finding, finding } from './findings.ts';
import type { Material } from './material.ts';
import { weakHash } from './signature.ts';

export interface Wanted {
  /** Host names, perhaps `*.` and a domain. */
  names: readonly string[];
  now: Date;
  /** Roots that the system trusts. */
  roots: readonly X509Certificate[];
}

export interface Inspection {
  findings: Finding[];
  /** The certificate of the key, with those that the server sends along; undefined where there is none. */
  chain: Chain | undefined;
  /** The certificate's. */
  key: KeyObject | undefined;
}

/** How long before its end an uploaded certificate is warned about, in days. */
export const WARNING_DAYS = 30;
const SMALLEST_RSA = 2048;
/** id-kp-serverAuth and anyExtendedKeyUsage (RFC 5280, 4.2.1.12). */
const FOR_SERVERS = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];
const DAY = 24 * 3600 * 1000;

export function inspect({ certificates, keys, findings: unread }: Material, wanted: Wanted): Inspection {
  const pair = pairOf(certificates, keys);
  const leaf = pair?.leaf ?? (keys.length === 0 ? (certificates.find(({ ca }) => !ca) ?? certificates[0]) : undefined);
  if (leaf === undefined) {
    const mismatch = keys.length > 0 && certificates.length > 0;
    return { findings: mismatch ? [...unread, finding('mismatch')] : unread, chain: undefined, key: undefined };
  }
  const chain = chainOf(leaf, certificates);
  const findings = [
    ...unread,
    ...(pair === undefined ? [] : [finding('matches')]),
    ...keyFindings(leaf.publicKey),
    ...dateFindings(chain, wanted.now),
    ...nameFindings(leaf, wanted.names),
    ...(forServers(leaf) ? [] : [finding('not-for-servers')]),
    ...chainFindings(chain, certificates, wanted.roots),
  ];
  return { findings, chain, key: pair?.key };
}

/** The newest certificate whose key is there: an owner who brings a new one means that. */
function pairOf(
  certificates: readonly X509Certificate[],
  keys: readonly KeyObject[],
): { leaf: X509Certificate; key: KeyObject } | undefined {
  const pairs = certificates.flatMap((leaf) => keys.filter((key) => belongs(leaf, key)).map((key) => ({ leaf, key })));
  const time = ({ leaf }: { leaf: X509Certificate }): [number, number] => [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  return pairs.sort((one, other) => time(other)[0] - time(one)[0] || time(other)[1] - time(one)[1])[0];
}

/** The key is the certificate's. */
export function belongs(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.checkPrivateKey(key);
  } catch {
    return false;
  }
}

/** The certificate is for that host; `*.` and a domain stands for any one label before it. */
export function isFor(certificate: X509Certificate, name: string): boolean {
  const host = name.startsWith('*.') ? `any-name-at-all${name.slice(1)}` : name;
  // What browsers do: the subject's common name counts no more (RFC 9525, 2).
  return certificate.checkHost(host, { subject: 'never' }) !== undefined;
}

/** Its names and addresses as it has them, such as `DNS:a.example.org`. */
export function namesOf({ subjectAltName }: X509Certificate): string[] {
  return (subjectAltName ?? '').split(', ').filter((name) => name !== '');
}

/** Whole days until `date`; negative after it. */
export function daysUntil(date: string, now: Date): number {
  return Math.floor((Date.parse(date) - now.getTime()) / DAY);
}

function keyFindings(key: KeyObject): Finding[] {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < SMALLEST_RSA) return [finding('weak-key', String(bits))];
  const kind = key.asymmetricKeyType ?? '';
  return ['rsa', 'ec'].includes(kind) ? [] : [finding('rare-key', kind)];
}

function dateFindings({ sent: [leaf, ...others] }: Chain, now: Date): Finding[] {
  const of = ({ validFrom, validTo }: X509Certificate): Finding[] => {
    if (Date.parse(validFrom) > now.getTime()) return [finding('not-yet-valid', day(validFrom))];
    if (!(Date.parse(validTo) > now.getTime())) return [finding('expired', day(validTo))];
    return daysUntil(validTo, now) < WARNING_DAYS ? [finding('expires', day(validTo))] : [];
  };
  const wrong = others.filter(({ validFrom, validTo }) => !(Date.parse(validFrom) <= now.getTime() && Date.parse(validTo) > now.getTime()));
  return [...of(leaf as X509Certificate), ...wrong.map((each) => finding('intermediate-expired', shortName(each.subject)))];
}

/** ISO 8601; as it stands where it is no date. */
function day(date: string): string {
  const time = Date.parse(date);
  return Number.isNaN(time) ? date : new Date(time).toISOString().slice(0, 10);
}

function nameFindings(leaf: X509Certificate, names: readonly string[]): Finding[] {
  const missing = names.filter((name) => !isFor(leaf, name));
  if (missing.length > 0) return missing.map((name) => finding('name-missing', name));
  const all = namesOf(leaf).map((name) => name.replace(/^(DNS|IP Address):/, ''));
  return all.length === 0 ? [] : [finding('names', all.join(', '))];
}

/** Node calls the extended key usage `keyUsage`; without one a certificate is for everything. */
function forServers({ keyUsage }: X509Certificate): boolean {
  return keyUsage === undefined || keyUsage.some((usage) => FOR_SERVERS.includes(usage));
}

function chainFindings(chain: Chain, given: readonly X509Certificate[], roots: readonly X509Certificate[]): Finding[] {
  const { sent, root, others } = chain;
  // A root's own signature proves nothing, so that its hash does not matter.
  const signed = sent.filter((each) => !isSelfSigned(each) || sent.length === 1);
  const weak = [...new Set(signed.map(weakHash).filter((hash) => hash !== undefined))];
  const inUse = given.filter((each) => sent.includes(each));
  return [
    ...weak.map((hash) => finding('weak-hash', hash)),
    ...(inUse.every((each, index) => each === sent[index]) ? [] : [finding('reordered')]),
    ...(others.length === 0 ? [] : [finding('unrelated', others.map(({ subject }) => shortName(subject)).join('; '))]),
    trustFinding(sent, root, roots),
  ];
}

function trustFinding(sent: readonly X509Certificate[], root: X509Certificate | undefined, roots: readonly X509Certificate[]): Finding {
  const last = sent.at(-1) as X509Certificate;
  if (sent.length === 1 && isSelfSigned(last)) return finding('self-signed');
  const trusted = roots.some((each) => (root === undefined ? issued(last, each) : each.raw.equals(root.raw) || issued(last, each)));
  if (trusted) return finding('complete');
  return root === undefined ? finding('incomplete', shortName(last.issuer)) : finding('private-authority', shortName(root.subject));
}

/** The common name of a distinguished name, else its first line. */
export function shortName(name: string | undefined): string {
  const lines = (name ?? '').split('\n');
  return (lines.find((line) => line.startsWith('CN=')) ?? lines.find((line) => line.startsWith('O=')) ?? lines[0] ?? '').replace(
    /^[A-Z]+=/,
    '',
  );
}
