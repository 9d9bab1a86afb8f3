import { describe, expect, it } from 'vitest';

import { smbiosCredential, tmpfilesLines } from '../../../../builder/stages/bake/credential.ts';

const keys = {
  authorizedKey: 'ssh-ed25519 AAAA one-time',
  hostKey: '-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n',
};

describe('tmpfilesLines', () => {
  const lines = tmpfilesLines(keys).trimEnd().split('\n');

  it('puts the keys into /run, and only links onto the disk', () => {
    const files = lines.filter((line) => line.startsWith('f')).map((line) => line.split(' ')[1]);
    expect(files.every((path) => path?.startsWith('/run/'))).toBe(true);
    const links = lines.filter((line) => line.startsWith('L')).map((line) => line.split(' ')[1]);
    expect(links).toEqual(['/root/.ssh/authorized_keys', '/etc/ssh/ssh_host_ed25519_key']);
  });

  it('carries the content in base64, which tmpfiles.d decodes with ~', () => {
    const line = lines.find((entry) => entry.includes('host_key 0600')) ?? '';
    expect(line.startsWith('f~ ')).toBe(true);
    expect(Buffer.from(line.split(' ').at(-1) ?? '', 'base64').toString()).toBe(keys.hostKey);
  });
});

it('smbiosCredential has no comma in its value, at which QEMU would split', () => {
  const value = smbiosCredential('tmpfiles.extra', 'a,b\nc');
  expect(value).toMatch(/^type=11,value=io\.systemd\.credential\.binary:tmpfiles\.extra=[A-Za-z0-9+/=]+$/);
});
