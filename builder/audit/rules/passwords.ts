import { parse } from 'yaml';

import type { Found, Rule, Subject } from '../rule.ts';

/** shadow(5): a field that begins with one of these matches no password. */
const LOCKED = /^[!*]+$/;

/** passwd(5), shadow(5), gshadow(5) with their backups, opasswd of pam_unix(8), debconf's passwords, and cloud-config. */
export const passwords: Rule = {
  name: 'passwords',
  title: 'No account has a password, nor is one kept anywhere',
  remedy: 'Lock the account (`passwd --lock` after `passwd --delete`); passwords are set on the unit.',
  contained: true,
  check: (subject) => [
    ...['/etc/shadow', '/etc/shadow-'].flatMap((path) => inShadow(subject, path)),
    ...['/etc/passwd', '/etc/passwd-'].flatMap((path) => inPasswd(subject, path)),
    ...['/etc/gshadow', '/etc/gshadow-'].flatMap((path) => inGshadow(subject, path)),
    ...kept(subject),
    ...inCloudConfig(subject),
  ],
};

function accounts(subject: Subject, path: string): { name: string; field: string }[] {
  return (subject.tree.text(path) ?? '')
    .split('\n')
    .filter((line) => line.includes(':'))
    .map((line) => ({ name: line.split(':')[0] ?? '', field: line.split(':')[1] ?? '' }));
}

function inShadow(subject: Subject, path: string): Found[] {
  return accounts(subject, path).flatMap(({ name, field }) => {
    if (LOCKED.test(field)) return [];
    if (field === '') return [{ path, message: `lets ${name} in without a password` }];
    // A locked account that keeps its hash gives the password away all the same.
    return [
      { path, message: field.startsWith('!') ? `keeps the hash of ${name}'s password behind the lock` : `has a password for ${name}` },
    ];
  });
}

function inPasswd(subject: Subject, path: string): Found[] {
  return accounts(subject, path).flatMap(({ name, field }) => {
    if (field === 'x' || LOCKED.test(field)) return [];
    return [{ path, message: field === '' ? `lets ${name} in without a password` : `has a password for ${name}` }];
  });
}

function inGshadow(subject: Subject, path: string): Found[] {
  return accounts(subject, path)
    .filter(({ field }) => field !== '' && !LOCKED.test(field))
    .map(({ name }) => ({ path, message: `has a password for the group ${name}` }));
}

function kept({ tree }: Subject): Found[] {
  const found: Found[] = [];
  const old = tree.resolve('/etc/security/opasswd');
  if (old !== undefined && old.size > 0) found.push({ path: old.path, message: 'keeps hashes of earlier passwords' });
  if (/^Value: \S/m.test(tree.text('/var/cache/debconf/passwords.dat') ?? '')) {
    found.push({ path: '/var/cache/debconf/passwords.dat', message: 'keeps a password that was given to debconf' });
  }
  return found;
}

const CLOUD_KEYS = ['passwd', 'hashed_passwd', 'plain_text_passwd', 'password', 'chpasswd', 'ssh_authorized_keys', 'ssh_keys'];

/** cloud-init's documentation, modules "Users and Groups", "Set Passwords" and "SSH". */
function inCloudConfig({ tree }: Subject): Found[] {
  return tree.texts('/etc/cloud', /\.(cfg|yaml)$/).flatMap(({ path, text }) => {
    const keys = keysOf(safeParse(text)).filter((key) => CLOUD_KEYS.includes(key));
    return keys.map((key) => ({ path, message: `sets ${key}: every unit would have the same` }));
  });
}

function safeParse(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent' });
  } catch {
    return undefined;
  }
}

function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, member]) => (member === null || member === false ? [] : [key, ...keysOf(member)]));
}
