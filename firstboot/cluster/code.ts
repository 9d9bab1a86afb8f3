/** The join code: all that a new follower needs of its leader, in one line to copy. */
import Type, { type Static } from 'typebox';

import { ExitCode, UnitError } from '../kit/errors.ts';
import { validateBy } from '../settings/index.ts';

export const MAX_ADDRESSES = 16;

const JoinCode = Type.Object(
  {
    addresses: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { minItems: 1, maxItems: MAX_ADDRESSES }),
    port: Type.Integer({ minimum: 1, maximum: 65535 }),
    /** SHA-256 of the leader's certificate (DER), hexadecimal. */
    fingerprint: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    invite: Type.String({ pattern: '^[0-9a-f]{16}$' }),
    secret: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    role: Type.String({ minLength: 1 }),
    /** Milliseconds since 1970. */
    expires: Type.Integer(),
  },
  { additionalProperties: false },
);
export type JoinCode = Static<typeof JoinCode>;

const PREFIX = 'unit1.';
/** Of the setting that takes it. */
const LONGEST = 2000;

/** @throws UnitError where no unit would take the code */
export function encodeJoinCode(code: JoinCode): string {
  const text = PREFIX + Buffer.from(JSON.stringify(code)).toString('base64url');
  if (validateBy(JoinCode, code).length === 0 && text.length <= LONGEST) return text;
  throw new UnitError(`a join code has 1 to ${MAX_ADDRESSES} addresses, and these ${code.addresses.length} are too many or too long`, {
    exitCode: ExitCode.usage,
    remedies: ['Name those by which the new unit reaches this one: `unitctl cluster invite --address ADDRESS`.'],
  });
}

/** @throws UnitError for what is no join code; the code itself is in no message */
export function decodeJoinCode(text: string): JoinCode {
  try {
    const code = JSON.parse(Buffer.from(text.slice(PREFIX.length), 'base64url').toString('utf8')) as unknown;
    if (text.startsWith(PREFIX) && validateBy(JoinCode, code).length === 0) return code as JoinCode;
  } catch {
    // Said below.
  }
  throw new UnitError('cluster.join is no join code', {
    exitCode: ExitCode.answers,
    remedies: ['Copy the whole line that `unitctl cluster invite` showed on the leader.'],
  });
}
