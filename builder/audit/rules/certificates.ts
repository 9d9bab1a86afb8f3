import { X509Certificate } from 'node:crypto';

import type { Found, Rule, Subject } from '../rule.ts';

/**
 * A certificate of the image's own belongs to a key of the image's own. Right are: what the distribution's packages ship
 * unchanged, bundles of certificates that they ship (ca-certificates.crt), and bundles of public authorities (self-signed, by the dozen)
 * as Python's certifi has them.
 */
export const certificates: Rule = {
  name: 'certificates',
  title: 'There is no certificate of the image itself',
  remedy: 'Make the certificate on the unit, by a step; remove this one.',
  contained: true,
  check(subject) {
    const known = publicCertificates(subject);
    const suspicious = new Map<string, string>();
    for (const { entry, kind, pem } of subject.keys) {
      if (kind !== 'certificate' || pem === undefined || subject.packages.unchanged(entry)) continue;
      const name = nameOf(pem, known);
      if (name !== undefined && !isBundle(subject, entry.path)) suspicious.set(entry.path, name);
    }
    return [...suspicious].map(([path, name]): Found => ({ path, message: `holds a certificate of its own (${name})` }));
  },
};

/** Fingerprints of the certificates in files that packages ship unchanged. */
function publicCertificates({ keys, packages }: Subject): Set<string> {
  const known = new Set<string>();
  for (const { entry, pem } of keys) {
    if (pem === undefined || !packages.unchanged(entry)) continue;
    const certificate = parsed(pem);
    if (certificate !== undefined) known.add(certificate.fingerprint256);
  }
  return known;
}

/** The subject of a certificate that is not among `known`; undefined where there is nothing to say against it. */
function nameOf(pem: string, known: ReadonlySet<string>): string | undefined {
  const certificate = parsed(pem);
  if (certificate === undefined) return 'unreadable';
  return known.has(certificate.fingerprint256) ? undefined : certificate.subject.replaceAll('\n', ', ');
}

const AUTHORITIES = 50;

/** A list of public authorities: a great many certificates in one file, no end-entity among them. */
function isBundle({ keys }: Subject, path: string): boolean {
  const own = keys.filter(({ entry, kind }) => kind === 'certificate' && entry.path === path);
  return own.length >= AUTHORITIES && own.every(({ pem }) => pem !== undefined && parsed(pem)?.ca === true);
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
