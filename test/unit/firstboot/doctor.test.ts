import { expect, test } from 'vitest';
import { judge } from '../../../firstboot/doctor/disk.ts';
import { DOCTOR_CHECKS } from '../../../firstboot/doctor/index.ts';
import { parseQueue } from '../../../firstboot/doctor/mail.ts';
import { parseListeners } from '../../../firstboot/doctor/ports.ts';
import { parseSimulation } from '../../../firstboot/sections/updates/state.ts';

const GIB = 1024 ** 3;

test.each([
  [{ free: 5 * GIB, size: 10 * GIB, inodes: 0.9 }, 'ok'],
  [{ free: 5 * GIB, size: 10 * GIB, inodes: 0.05 }, 'warning'],
  [{ free: 0.3 * GIB, size: 1 * GIB, inodes: 0.9 }, 'warning'],
  [{ free: 5 * GIB, size: 100 * GIB, inodes: 0.9 }, 'warning'],
  [{ free: 0.05 * GIB, size: 0.2 * GIB, inodes: 0.9 }, 'error'],
  [{ free: 2 * GIB, size: 100 * GIB, inodes: 0.9 }, 'error'],
])('a disk with %j: %s', (room, severity) => expect(judge('/', room).severity).toBe(severity));

test('listening sockets as ss says them', () => {
  const lines = [
    'tcp   LISTEN 0      511          0.0.0.0:443        0.0.0.0:*    users:(("nginx",pid=812,fd=6),("nginx",pid=811,fd=6))',
    'udp   UNCONN 0      0      127.0.0.53%lo:53         0.0.0.0:*',
    'tcp   LISTEN 0      128             [::]:22            [::]:*    users:(("sshd",pid=700,fd=4))',
    'nonsense',
  ];
  expect(parseListeners(lines.join('\n'))).toEqual([
    { protocol: 'tcp', address: '0.0.0.0', port: 443, program: 'nginx' },
    { protocol: 'udp', address: '127.0.0.53', port: 53, program: '' },
    { protocol: 'tcp', address: '::', port: 22, program: 'sshd' },
  ]);
});

test("Postfix's queue: what waits for its first try is no trouble", () => {
  const entry = (queue: string, reason?: string): string =>
    JSON.stringify({
      queue_name: queue,
      queue_id: 'A',
      recipients: [{ address: 'a@example.net', ...(reason === undefined ? {} : { delay_reason: reason }) }],
    });
  expect(parseQueue(`${entry('active')}\n${entry('deferred', 'connect to mail: refused')}\n`)).toEqual({
    deferred: 1,
    reason: 'connect to mail: refused',
  });
  expect(parseQueue('')).toEqual({ deferred: 0, reason: '' });
});

test('security updates among the others', () => {
  const lines = [
    'NOTE: This is only a simulation!',
    'Inst libssl3t64 [3.5.1-1] (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64]) []',
    'Inst linux-image-6.12.48 (6.12.48-1 Debian-Security:13/stable-security [amd64])',
    'Inst nano [8.4-1] (8.4-2 Debian:13.1/stable [amd64])',
    'Conf libssl3t64 (3.5.1-1+deb13u1 Debian-Security:13/stable-security [amd64])',
  ];
  expect(parseSimulation(lines.join('\n'))).toEqual([
    { name: 'libssl3t64', version: '3.5.1-1+deb13u1' },
    { name: 'linux-image-6.12.48', version: '6.12.48-1' },
  ]);
});

test('checks have names of their own, and titles in each language', () => {
  expect(new Set(DOCTOR_CHECKS.map(({ name }) => name)).size).toBe(DOCTOR_CHECKS.length);
  for (const { title } of DOCTOR_CHECKS) expect([title.en, title.ja, title.ru].every(Boolean)).toBe(true);
});
