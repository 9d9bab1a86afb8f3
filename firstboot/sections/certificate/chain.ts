/** Which certificate was issued by which: RFC 5280, 6.1, as far as a server needs it to send them in the right order. */
import type { X509Certificate } from 'node:crypto';

export function isSelfSigned(certificate: X509Certificate): boolean {
  return issued(certificate, certificate);
}

/** `issuer` signed `certificate`, by name and by signature. */
export function issued(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    // A key of a kind that this OpenSSL does not know: nothing that it signed can be verified.
    return false;
  }
}

export interface Chain {
  /** The unit's own first, each signed by the next one; no self-signed root, except where it is the only one. */
  sent: X509Certificate[];
  /** The root at its end, where it is among those given. */
  root: X509Certificate | undefined;
  /** Those given that are no part of it. */
  others: X509Certificate[];
}

/** The chain of `leaf` among `given`. */
export function chainOf(leaf: X509Certificate, given: readonly X509Certificate[]): Chain {
  const sent = [leaf];
  let root: X509Certificate | undefined;
  for (let last = leaf; !isSelfSigned(last); ) {
    const next = given.find((each) => !sent.some((known) => known.raw.equals(each.raw)) && issued(last, each));
    if (next === undefined) break;
    if (isSelfSigned(next)) {
      root = next;
      break;
    }
    sent.push(next);
    last = next;
  }
  const used = root === undefined ? sent : [...sent, root];
  return { sent, root, others: given.filter((each) => !used.some((known) => known.raw.equals(each.raw))) };
}
