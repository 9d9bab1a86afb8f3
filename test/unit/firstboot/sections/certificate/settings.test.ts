import { expect, it } from 'vitest';
import type { DnsRecord } from '../../../../../firstboot/contract/unit.ts';
import { credentialFiles } from '../../../../../firstboot/sections/certificate/acme/credentials.ts';
import { clientArguments, wildcardNeedsDns } from '../../../../../firstboot/sections/certificate/acme/obtain.ts';
import { problemIn } from '../../../../../firstboot/sections/certificate/acme/problems.ts';
import { wantedNames } from '../../../../../firstboot/sections/certificate/names.ts';
import { isIncomplete, validateAnswers } from '../../../../../firstboot/settings/index.ts';

const acme = { email: 'me@example.org', agreeToTerms: true };
const domain = { name: 'shop.example.org' };

it.each<[string, object, string[]]>([
  ['nothing', {}, []],
  ['an upload without anything', { certificate: { mode: 'upload' } }, ['certificate-is-whole /certificate']],
  ['an upload of a file', { certificate: { mode: 'upload', file: 'QUJD\nRA==\n' } }, []],
  ['an upload of what is no base64', { certificate: { mode: 'upload', file: '-----BEGIN' } }, ['pattern /certificate/file']],
  ['an authority', { domain, certificate: { mode: 'acme', acme } }, []],
  ['an authority without a name', { certificate: { mode: 'acme', acme } }, ['certificate-is-whole /domain']],
  [
    'an authority without anything',
    { domain, certificate: { mode: 'acme' } },
    ['certificate-is-whole /certificate/acme', 'certificate-is-whole /certificate/acme'],
  ],
  [
    'dns-01 without a provider',
    { domain, certificate: { mode: 'acme', acme: { ...acme, challenge: 'dns-01' } } },
    ['certificate-is-whole /certificate/acme', 'certificate-is-whole /certificate/acme'],
  ],
  [
    'dns-01',
    {
      domain,
      certificate: { mode: 'acme', acme: { ...acme, challenge: 'dns-01', dnsProvider: 'hetzner', dnsCredentials: 'A_B=c d\r\nE=\n' } },
    },
    [],
  ],
  [
    'a provider that runs programs',
    { domain, certificate: { mode: 'acme', acme: { ...acme, challenge: 'dns-01', dnsProvider: 'exec', dnsCredentials: 'EXEC_PATH=/x' } } },
    ['provider-is-one /certificate/acme/dnsProvider'],
  ],
  ['credentials of another form', { certificate: { acme: { dnsCredentials: 'token' } } }, ['pattern /certificate/acme/dnsCredentials']],
  [
    'half a binding',
    { domain, certificate: { mode: 'acme', acme: { ...acme, eabKeyId: 'k' } } },
    ['certificate-is-whole /certificate/acme'],
  ],
  ['a directory without TLS', { certificate: { acme: { directory: 'http://x/' } } }, ['pattern /certificate/acme/directory']],
])('%s', (_, answers, expected) => {
  const violations = validateAnswers({ schemaVersion: 1, ...answers }, undefined);
  expect(violations.map(({ keyword, path }) => `${keyword} ${path}`)).toEqual(expected);
  // What is missing leaves answers a good beginning.
  expect(violations.filter((each) => each.keyword === 'certificate-is-whole').every(isIncomplete)).toBe(true);
});

it('patterns of pasted text take no time, whatever the text', () => {
  const began = performance.now();
  for (const text of ['A='.repeat(4999), `${' '.repeat(9999)}!`, `${'A=\n'.repeat(3000)}!`]) {
    const answers = { schemaVersion: 1, certificate: { file: `${' '.repeat(90_000)}!`, acme: { dnsCredentials: text } } };
    validateAnswers(answers, undefined);
  }
  expect(performance.now() - began).toBeLessThan(20_000);
});

it('credentials are files, whose names alone are in the environment', () => {
  const { env, files, values } = credentialFiles('  CF_DNS_API_TOKEN=to=ken\r\nAWS_REGION=eu-1\nAWS_SECRET_ACCESS_KEY=s3cret\n');
  expect(env).toEqual({
    CF_DNS_API_TOKEN_FILE: '{folder}/CF_DNS_API_TOKEN',
    AWS_REGION: 'eu-1',
    AWS_SHARED_CREDENTIALS_FILE: '{folder}/aws',
  });
  expect(files).toEqual({ CF_DNS_API_TOKEN: 'to=ken', aws: '[default]\naws_secret_access_key = s3cret\n' });
  expect(values).toEqual(['to=ken', 'eu-1', 's3cret']);
});

it('arguments of the client hold no secret', () => {
  const settings = {
    ...acme,
    directory: 'https://ca/',
    challenge: 'dns-01',
    keyType: 'ec384',
    dnsCredentials: 'A=s3cret',
    eabKeyId: 'k',
    eabHmacKey: 's3cret',
  } as const;
  expect(clientArguments(settings, ['a.example', '*.a.example'], '/p', ['--dns', 'x'])).toEqual(
    ['--accept-tos', '--eab', '--path', '/p', '--server', 'https://ca/', '--email', 'me@example.org', '--key-type', 'ec384'].concat([
      '--domains',
      'a.example',
      '--domains',
      '*.a.example',
      '--dns',
      'x',
      'run',
    ]),
  );
});

it.each([
  [
    'acme: error: 400 :: urn:ietf:params:acme:error:badNonce :: x\n[a] urn:ietf:params:acme:error:rateLimited :: until noon',
    'http-01',
    'rate-limited',
    'until noon',
  ],
  ['urn:ietf:params:acme:error:unauthorized :: no', 'dns-01', 'record-unseen', 'no'],
  ['urn:ietf:params:acme:error:unauthorized :: no', 'http-01', 'other-machine', 'no'],
  ['urn:ietf:params:acme:error:toString', 'http-01', undefined, undefined],
  ['no type', 'http-01', undefined, undefined],
])('%s', (text, challenge, code, detail) => {
  const problem = problemIn(text, challenge);
  expect([problem?.code, problem?.detail]).toEqual([code, detail]);
});

it.each<[DnsRecord[] | undefined, string[]]>([
  [undefined, ['a.example']],
  [
    [
      { name: '@', type: 'A' },
      { name: 'www', type: 'CNAME' },
      { name: 'x.y', type: 'AAAA' },
      { name: 'mx', type: 'MX' },
      { name: '_t', type: 'TXT' },
    ],
    ['a.example', 'www.a.example', 'x.y.a.example'],
  ],
  [
    [
      { name: 'www', type: 'A' },
      { name: '*', type: 'A' },
      { name: 'x.y', type: 'A' },
    ],
    ['a.example', '*.a.example', 'x.y.a.example'],
  ],
])('a certificate is for the domain and what the image wants below it', (dns, names) => {
  const unit = dns === undefined ? {} : { dns };
  expect(wantedNames('a.example', unit)).toEqual(names);
  expect(wantedNames(undefined, unit)).toEqual([]);
  expect(wildcardNeedsDns({ challenge: 'http-01' }, names)).toBe(names.includes('*.a.example'));
});
