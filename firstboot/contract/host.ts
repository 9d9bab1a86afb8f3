import Type from 'typebox';

/** Another machine: a host name (RFC 1123, 2.1) or an address (IPv6 without brackets). */
export const Host = Type.String({
  pattern: '^[0-9A-Za-z:]([0-9A-Za-z.:-]{0,251}[0-9A-Za-z:])?$',
  description: 'A host name or an IP address',
});
