/** MAC, IPv4 and IPv6 addresses as bytes, and the ones that follow from others. */

/** Six bytes of `52:54:00:12:34:56`. Throws on anything else. */
export function macBytes(text: string): Buffer {
  const parts = text.split(':');
  if (parts.length !== 6 || parts.some((part) => !/^[0-9a-f]{2}$/i.test(part))) throw new Error(`not a MAC address: ${text}`);
  return Buffer.from(parts.join(''), 'hex');
}

/** Four bytes of a dotted IPv4 address. Throws on anything else. */
export function ipv4Bytes(text: string): Buffer {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) {
    throw new Error(`not an IPv4 address: ${text}`);
  }
  return Buffer.from(parts);
}

/** Text of an IPv4 address (4 bytes) or an IPv6 address (16 bytes, RFC 5952). */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0));
  const text = groups.map((group) => group.toString(16)).join(':');
  const longest = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length)[0];
  if (longest === undefined) return text;
  const before = text.slice(0, longest.index);
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}

/** The link-local IPv6 address that an interface forms from its MAC address (RFC 4291, modified EUI-64). */
export function linkLocalOf(mac: Uint8Array): Buffer {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac;
  return Buffer.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
}

/** The solicited-node multicast address of an IPv6 address (RFC 4291, section 2.7.1). */
export function solicitedNode(ip: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('ff0200000000000000000001ff', 'hex'), ip.subarray(13, 16)]);
}

/** The MAC address that carries an IP multicast group (RFC 1112 for IPv4, RFC 2464 for IPv6). */
export function multicastMac(ip: Uint8Array): Buffer {
  if (ip.length === 16) return Buffer.concat([Buffer.from([0x33, 0x33]), ip.subarray(12, 16)]);
  return Buffer.from([0x01, 0x00, 0x5e, (ip[1] ?? 0) & 0x7f, ip[2] ?? 0, ip[3] ?? 0]);
}
