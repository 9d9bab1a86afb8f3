/**
 * The unit's own authority, and the certificates that it signs: openssl-req(1), openssl-x509(1). The authority lives as long
 * as the unit has its names, so that its owner imports it once; certificates are short-lived, as browsers want them.
 */
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { UNIT_PATHS } from '../../contract/unit.ts';
import { makeFolder, readIfExists, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import { issued } from './chain.ts';
import { belongs, daysUntil, isFor } from './inspect.ts';
import type { OwnNames } from './names.ts';
import { CERTIFICATE_PATHS } from './paths.ts';
import { pemBlocks } from './pem.ts';
import type { InUse, Pair } from './place.ts';

/** Apple's systems refuse more than 825 of private authorities, and 398 of all others: below both. */
const LEAF_DAYS = 397;
const CA_DAYS = 3650;
/** Days before its end that a certificate is made again. */
const RENEW_DAYS = 60;
/** Not on a disk, for keys are in it. */
const WORK = '/run/unit/tls-work';
const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-sha256'];

interface Authority {
  certificate: string;
  key: string;
}

/** Why the unit must make a certificate again; undefined where the one in use is good. */
export async function selfSignedDue(system: System, inUse: InUse | undefined, names: OwnNames, now: Date): Promise<string | undefined> {
  if (inUse === undefined) return 'there is no certificate with its key';
  if (inUse.made.mode !== 'self-signed') return 'the certificate in use comes from elsewhere';
  const { leaf } = inUse;
  if (Date.parse(leaf.validFrom) > now.getTime()) return 'the certificate is not valid yet: the clock was wrong';
  if (daysUntil(leaf.validTo, now) < RENEW_DAYS) return 'the certificate is about to expire';
  const missing = names.dns.find((name) => !isFor(leaf, name));
  if (missing !== undefined) return `the certificate is not for ${missing}`;
  const moved = names.byAddress ? names.addresses.find((address) => leaf.checkIP(address) === undefined) : undefined;
  if (moved !== undefined) return `the certificate is not for ${moved}`;
  const authority = await readAuthority(system);
  return authority !== undefined && issued(leaf, new X509Certificate(authority.certificate))
    ? undefined
    : "the certificate is not of this unit's authority";
}

/**
 * A new key and a certificate for `names`, signed by the unit's authority, which is made where there is none that may sign for
 * them. The caller holds the unit's lock.
 */
export async function makeSelfSigned(system: System, names: OwnNames): Promise<Pair> {
  const work = system.path(WORK);
  // What a run left that was killed: the caller holds the lock, so nobody works there.
  await rm(work, { recursive: true, force: true });
  await makeFolder(dirname(work));
  await mkdir(work, { mode: 0o700 });
  try {
    const kept = await readAuthority(system);
    const lasts = kept !== undefined && daysUntil(new X509Certificate(kept.certificate).validTo, new Date()) > LEAF_DAYS;
    const signed = lasts ? await sign(system, work, kept, names) : undefined;
    if (signed !== undefined && (await isTaken(system, work))) return signed;
    return await sign(system, work, await makeAuthority(system, work, names), names);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function sign(system: System, work: string, authority: Authority, names: OwnNames): Promise<Pair> {
  const at = (name: string): string => join(work, name);
  await writeFile(at('ca.pem'), authority.certificate);
  await writeFile(at('ca.key'), authority.key, { mode: 0o600 });
  await writeFile(at('leaf.cnf'), leafConfiguration(names));
  await system.run('openssl', ['req', '-new', '-config', at('leaf.cnf'), ...EC_KEY, '-keyout', at('leaf.key'), '-out', at('leaf.csr')]);
  const serial = `0x${serialNumber()}`;
  const signing = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-set_serial', serial, '-days', String(LEAF_DAYS), '-sha256'];
  const extensions = ['-extfile', at('leaf.cnf'), '-extensions', 'leaf'];
  await system.run('openssl', ['x509', '-req', '-in', at('leaf.csr'), ...signing, ...extensions, '-out', at('leaf.pem')]);
  const [fullchain, privkey] = await Promise.all([readFile(at('leaf.pem'), 'utf8'), readFile(at('leaf.key'), 'utf8')]);
  return { fullchain, privkey, ca: authority.certificate, made: { mode: 'self-signed' } };
}

/** Whether who imported the authority takes what it has just signed: it may have been made for other names. */
async function isTaken(system: System, work: string): Promise<boolean> {
  return (await system.ask('openssl', ['verify', '-CAfile', join(work, 'ca.pem'), '-purpose', 'sslserver', join(work, 'leaf.pem')])) === 0;
}

async function makeAuthority(system: System, work: string, names: OwnNames): Promise<Authority> {
  const at = (name: string): string => join(work, name);
  await writeFile(at('authority.cnf'), authorityConfiguration(names));
  const days = ['-days', String(CA_DAYS), '-set_serial', `0x${serialNumber()}`];
  const output = ['-keyout', at('authority.key'), '-out', at('authority.pem')];
  await system.run('openssl', ['req', '-x509', '-config', at('authority.cnf'), ...EC_KEY, ...days, ...output]);
  const [certificate, key] = await Promise.all([readFile(at('authority.pem'), 'utf8'), readFile(at('authority.key'), 'utf8')]);
  await makeFolder(system.path(UNIT_PATHS.secrets), 0o700);
  // One file, so that no power cut parts the two.
  await writeFileAtomic(system.path(CERTIFICATE_PATHS.authority), `${certificate}${key}`, { mode: 0o600 });
  return { certificate, key };
}

/** Undefined where there is none that is whole. */
async function readAuthority(system: System): Promise<Authority | undefined> {
  const blocks = pemBlocks((await readIfExists(system.path(CERTIFICATE_PATHS.authority))) ?? '');
  const certificate = blocks.find(({ label }) => label === 'CERTIFICATE')?.text;
  const key = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'))?.text;
  if (certificate === undefined || key === undefined) return undefined;
  return belongs(new X509Certificate(certificate), createPrivateKey(key)) ? { certificate, key } : undefined;
}

/** 127 random bits: at most 20 bytes and positive (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/**
 * Told apart by a number: browsers list authorities by their name, and an owner may have several units. What it may sign for is
 * this unit's names and all below them (RFC 5280, 4.2.1.10): whoever gets hold of its key can be no other site to who imported
 * it. Addresses are free: they change by themselves, and with each change its owner would have to import another one.
 */
function authorityConfiguration({ dns }: OwnNames): string {
  const permitted = [...new Set(dns.map((name) => name.replace(/^\*\./, '')))];
  return `[req]
prompt = no
distinguished_name = name
x509_extensions = authority
[name]
CN = Unit authority ${randomBytes(4).toString('hex')}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical, @permitted
[permitted]
${permitted.map((name, index) => `permitted;DNS.${index + 1} = ${name}`).join('\n')}
`;
}

/** Names come from settings whose patterns leave no way out of a line. */
function leafConfiguration({ dns, addresses }: OwnNames): string {
  const names = [
    ...dns.map((name, index) => `DNS.${index + 1} = ${name}`),
    ...addresses.map((address, index) => `IP.${index + 1} = ${address}`),
  ];
  return `[req]
prompt = no
distinguished_name = name
[name]
CN = ${(dns[0] ?? 'unit').slice(0, 64)}
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = @names
[names]
${names.join('\n')}
`;
}
