/**
 * Accounts that are bound to a customer's (RFC 8555, 7.3.4). lego takes the customer's key as an argument, which any user of
 * the unit can read; so such an account is made here, and lego finds it by its key.
 */
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { join } from 'node:path';

import { readIfExists, writeFileAtomic } from '../../../kit/files.ts';
import type { System } from '../../../kit/system.ts';
import { CERTIFICATE_PATHS } from '../paths.ts';
import type { Acme } from '../schema.ts';
import { type Answer, type Asking, ask, type Directory } from './directory.ts';
import { AcmeProblem } from './problems.ts';

/** Tries of a request. */
const NONCES = 5;

/** What the settings hold to be there once they are valid. */
export type Bound = Required<Pick<Acme, 'directory' | 'email' | 'eabKeyId' | 'eabHmacKey'>>;

/** Makes the account, unless it is there. @throws AcmeProblem where the authority refuses it */
export async function bindAccount(system: System, acme: Bound, directory: Directory, asking: Asking): Promise<void> {
  const folder = accountFolder(acme);
  const file = system.path(join(folder, 'account.json'));
  if ((await readIfExists(file)) !== undefined) return;
  const key = await accountKey(system, join(folder, 'keys', `${acme.email}.key`));
  const { status, headers, body } = await register(system, key, acme, directory, asking);
  const uri = headers['location'];
  if (![200, 201].includes(status) || uri === undefined) throw new AcmeProblem('account-refused', detailOf(body) || `status ${status}`);
  const account = { email: acme.email, registration: { body: { status: 'valid' }, uri } };
  await writeFileAtomic(file, `${JSON.stringify(account)}\n`, { mode: 0o600 });
}

/** Servers may turn a nonce down at any time, and give a new one (6.5). */
async function register(system: System, key: KeyObject, acme: Bound, directory: Directory, asking: Asking): Promise<Answer> {
  let { headers } = await ask(system, directory.newNonce, asking);
  for (let left = NONCES; ; left -= 1) {
    const body = request(key, { url: directory.newAccount, nonce: headers['replay-nonce'] ?? '' }, acme);
    const answer = await ask(system, directory.newAccount, { ...asking, body });
    if (left === 1 || !answer.body.includes('urn:ietf:params:acme:error:badNonce')) return answer;
    headers = answer.headers;
  }
}

/** Where lego keeps an account: by the host of its authority, then by its e-mail address. */
function accountFolder({ directory, email }: Bound): string {
  return join(CERTIFICATE_PATHS.client, 'accounts', new URL(directory).host.replaceAll(':', '_'), email);
}

/** Kept before it is used: the authority may know it already where a run was cut off. */
async function accountKey(system: System, path: string): Promise<KeyObject> {
  const kept = await readIfExists(system.path(path));
  if (kept !== undefined) return createPrivateKey(kept);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFileAtomic(system.path(path), privateKey.export({ type: 'sec1', format: 'pem' }).toString(), { mode: 0o600 });
  return privateKey;
}

/** newAccount (7.3), signed with the account's key; the binding in it with the customer's. */
function request(key: KeyObject, { url, nonce }: { url: string; nonce: string }, acme: Bound): string {
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
  const jwk = { crv, kty, x, y };
  const hmac = Buffer.from(acme.eabHmacKey, 'base64url');
  const binding = jws({ alg: 'HS256', kid: acme.eabKeyId, url }, jwk, (data) => createHmac('sha256', hmac).update(data).digest());
  const payload = { termsOfServiceAgreed: true, contact: [`mailto:${acme.email}`], externalAccountBinding: binding };
  return JSON.stringify(
    jws({ alg: 'ES256', jwk, nonce, url }, payload, (data) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })),
  );
}

/** Flattened JSON serialisation (RFC 7515, 7.2.2). */
function jws(header: object, payload: object, signature: (data: Buffer) => Buffer): object {
  const [protectedPart, body] = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return { protected: protectedPart, payload: body, signature: signature(Buffer.from(`${protectedPart}.${body}`)).toString('base64url') };
}

/** `detail` of a problem document (RFC 7807). */
function detailOf(answer: string): string {
  try {
    return String((JSON.parse(answer) as { detail?: unknown }).detail ?? '');
  } catch {
    return '';
  }
}
