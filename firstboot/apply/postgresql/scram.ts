/**
 * SCRAM-SHA-256 verifiers as PostgreSQL keeps them (RFC 5803, RFC 7677): made here, the password itself never reaches
 * the server, its statement log or anybody's argv.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

const ITERATIONS = 4096;
const SALT_BYTES = 16;

/** `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` for ALTER ROLE ... PASSWORD. */
export function scramVerifier(password: string, salt: Uint8Array = randomBytes(SALT_BYTES), iterations = ITERATIONS): string {
  const salted = pbkdf2Sync(prepared(password), salt, iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString('base64')}$${storedKey}:${serverKey}`;
}

/** Whether a verifier that the server holds belongs to `password`. */
export function scramMatches(verifier: string, password: string): boolean {
  const parts = /^SCRAM-SHA-256\$([0-9]+):([A-Za-z0-9+/=]+)\$/.exec(verifier);
  if (parts?.[1] === undefined || parts[2] === undefined) return false;
  const own = Buffer.from(scramVerifier(password, Buffer.from(parts[2], 'base64'), Number(parts[1])));
  const other = Buffer.from(verifier);
  return own.length === other.length && timingSafeEqual(own, other);
}

/** SASLprep (RFC 4013): mappings and normalisation. Where it forbids a character PostgreSQL takes the password as it is. */
function prepared(password: string): string {
  if (/^[ -~]*$/.test(password)) return password;
  const mapped = password
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, ' ')
    .replace(/\u034f|\u200d|[\ufe00-\ufe0f]|[\u180b-\u180d]|[\u00ad\u1806\u200c\u2060\ufeff]/g, '');
  const normal = mapped.normalize('NFKC');
  const forbidden = /[\u0000-\u001f\u007f-\u009f\u06dd\u070f\u180e\u2028\u2029\ufff9-\uffff\ue000-\uf8ff\u{e0000}-\u{e007f}]/u.test(normal);
  return normal === '' || forbidden ? password : normal;
}
