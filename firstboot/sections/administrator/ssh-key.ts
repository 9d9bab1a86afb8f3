/** OpenSSH public keys, looked into: RFC 4253 (6.6), RFC 5656 (3.1), RFC 8709 (4), PROTOCOL.u2f of OpenSSH. */

/** RSA below this is refused by current OpenSSH itself in part, and by everybody's advice (NIST SP 800-131A). */
const SMALLEST_RSA = 2048;
const CURVES: Readonly<Record<string, { name: string; point: number }>> = {
  'ecdsa-sha2-nistp256': { name: 'nistp256', point: 65 },
  'ecdsa-sha2-nistp384': { name: 'nistp384', point: 97 },
  'ecdsa-sha2-nistp521': { name: 'nistp521', point: 133 },
  'sk-ecdsa-sha2-nistp256@openssh.com': { name: 'nistp256', point: 65 },
};

export type KeyFault = 'damaged' | 'other-algorithm' | 'short';

/** What is wrong with a line `ALGORITHM BASE64 [COMMENT]`; undefined where it is a whole public key. */
export function keyFault(line: string): KeyFault | undefined {
  const [algorithm = '', text = ''] = line.split(' ');
  const blob = Buffer.from(text, 'base64');
  // Node takes what it can of broken base64: only what comes out the same was whole.
  if (blob.length === 0 || blob.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) return 'damaged';
  const fields = fieldsOf(blob);
  if (fields === undefined) return 'damaged';
  const [named, ...parts] = fields;
  if (named?.toString('latin1') !== algorithm) return 'other-algorithm';
  return faultOfParts(algorithm, parts);
}

function faultOfParts(algorithm: string, parts: readonly Buffer[]): KeyFault | undefined {
  const hardware = algorithm.startsWith('sk-');
  if (algorithm === 'ssh-rsa') {
    const [exponent, modulus] = parts;
    if (parts.length !== 2 || exponent === undefined || modulus === undefined || exponent.length === 0) return 'damaged';
    return bitsOf(modulus) < SMALLEST_RSA ? 'short' : undefined;
  }
  // A hardware key names its application last.
  const own = hardware ? parts.slice(0, -1) : parts;
  const curve = CURVES[algorithm];
  if (curve === undefined) return own.length === 1 && own[0]?.length === 32 ? undefined : 'damaged';
  const [name, point] = own;
  return own.length === 2 && name?.toString('latin1') === curve.name && point?.length === curve.point && point[0] === 4
    ? undefined
    : 'damaged';
}

/** Length-prefixed fields (RFC 4251, 5: string); undefined where they do not fill the blob exactly. */
function fieldsOf(blob: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  for (let at = 0; at < blob.length; ) {
    if (at + 4 > blob.length) return undefined;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

/** Of an mpint: leading zero bytes do not count. */
function bitsOf(number: Buffer): number {
  const first = number.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (number.length - first) * 8 - Math.clz32(number[first] ?? 0) + 24;
}
