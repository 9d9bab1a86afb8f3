import { type KeyObject, verify, X509Certificate } from 'node:crypto';

import type { Manifest } from '../manifest.ts';
import type { Rule } from '../rule.ts';

function problemOf(text: string, manifest: Manifest | undefined): string | undefined {
  if (manifest === undefined) return 'There is a certificate and no manifest';
  const signature = /^SHA256\((.*)\)= ([0-9a-f]+)\r?\n/.exec(text);
  if (signature === null || signature[1] !== manifest.name) return `The first line is not SHA256(${manifest.name})= <signature>`;
  let key: KeyObject;
  try {
    key = new X509Certificate(text.slice(text.indexOf('-----BEGIN CERTIFICATE-----'))).publicKey;
  } catch {
    return 'There is no certificate behind the signature';
  }
  if (key.asymmetricKeyType !== 'rsa') return `The key of the certificate is ${key.asymmetricKeyType}, not RSA`;
  const valid = verify('sha256', Buffer.from(manifest.text), key, Buffer.from(signature[2] ?? '', 'hex'));
  return valid ? undefined : 'The signature is not that of this manifest';
}

export const certificate: Rule = {
  name: 'certificate',
  severity: 'error',
  scope: 'file',
  demand: 'A .cert holds the signature over the manifest and the certificate that it was made with.',
  check: (subject) => {
    if (subject.certificate === undefined) return [];
    const problem = problemOf(subject.certificate.text, subject.manifest);
    return problem === undefined
      ? []
      : [
          {
            message: problem,
            where: { file: subject.certificate.path },
            remedy: 'Sign the manifest again, or leave the .cert out: a wrong one blocks the import.',
          },
        ];
  },
};
