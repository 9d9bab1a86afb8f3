import { verify, X509Certificate } from 'node:crypto';

import type { Manifest } from '../manifest.ts';
import type { Rule } from '../rule.ts';

function problemOf(text: string, manifest: Manifest | undefined): string | undefined {
  if (manifest === undefined) return 'There is a certificate and no manifest';
  const signature = /^SHA256\((.*)\)= ([0-9a-f]+)\s*$/m.exec(text);
  if (signature === null || signature[1] !== manifest.name) return `The first line is not SHA256(${manifest.name})= <signature>`;
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(text.slice(text.indexOf('-----BEGIN CERTIFICATE-----')));
  } catch {
    return 'There is no certificate behind the signature';
  }
  const signed = Buffer.from(`${manifest.lines.map((line) => line.text).join('\n')}\n`);
  const valid = verify('sha256', signed, certificate.publicKey, Buffer.from(signature[2] ?? '', 'hex'));
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
