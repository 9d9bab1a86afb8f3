/** Who the settings have made administrator of this unit, now or before: kept beside the settings, and gone with a reset. */
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';

import { UNIT_PATHS } from '../../contract/unit.ts';
import { makeFolder, readIfExists, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';

const FILE = join(UNIT_PATHS.state, 'administrators.json');

export interface Recorded {
  /** Of the password that the settings had when it was set last: `fingerprintOf`. Its owner may have chosen another since. */
  password?: string;
  /** The settings name another since, and the account is shut. */
  barred?: true;
}

/** By login. */
export type Administrators = ReadonlyMap<string, Recorded>;

type Entry = Recorded & { login: string };

export async function readRecord(system: System): Promise<Administrators> {
  const text = await readIfExists(system.path(FILE));
  const entries = text === undefined ? [] : (JSON.parse(text) as Entry[]);
  return new Map(entries.map(({ login, ...recorded }) => [login, recorded]));
}

export async function writeRecorded(system: System, login: string, recorded: Recorded): Promise<void> {
  const record = new Map(await readRecord(system)).set(login, recorded);
  await makeFolder(system.path(UNIT_PATHS.state));
  const entries = [...record].map(([name, rest]): Entry => ({ login: name, ...rest }));
  await writeFileAtomic(system.path(FILE), `${JSON.stringify(entries, null, 2)}\n`, { mode: 0o600 });
}

/** Salted and slow, as shadow(5) has them: people choose passwords that a plain hash gives away. */
export function fingerprintOf(password: string, salt: string = randomBytes(16).toString('hex')): string {
  return `${salt}:${scryptSync(password, salt, 32).toString('hex')}`;
}

export function isOf(fingerprint: string, password: string): boolean {
  const [salt] = fingerprint.split(':');
  return timingSafeEqual(Buffer.from(fingerprint), Buffer.from(fingerprintOf(password, salt)));
}
