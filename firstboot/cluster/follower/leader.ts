/** Whom this unit follows, and with which key. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

import { SecretStore } from '../../apply/secret-store.ts';
import {
  CALL_HEADER,
  CLUSTER_PATHS,
  FILES_PATH,
  HASH_HEADER,
  Joined,
  LONGEST_WAIT,
  NOTIFIED_HEADER,
  type Report,
  type Unique,
} from '../../contract/cluster.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { readIfExists, writeFileAtomic } from '../../kit/files.ts';
import { printable } from '../../kit/printable.ts';
import type { System } from '../../kit/system.ts';
import { validateBy } from '../../settings/index.ts';
import type { JoinCode } from '../code.ts';
import { sha256 } from '../hash.ts';
import { type Answer, ask, type LeaderPlace } from './client.ts';
import { forgetFollowed } from './followed.ts';

export interface Leader extends LeaderPlace {
  /** This unit's name with the leader. */
  id: string;
  role: string;
  /** Of the code by which it joined. */
  invite: string;
}

export interface NewFiles {
  text: string;
  hash: string;
  /** Somebody asked all followers to look. */
  notified: boolean;
}

export interface Wanted {
  /** Hash of the files that are there; absent: any are wanted. */
  have?: string | undefined;
  /** The last call to all followers that is known. */
  call?: string | undefined;
  /** Seconds for others to come. */
  wait?: number;
}

export interface Fetched {
  /** Undefined where there were no others. */
  files: NewFiles | undefined;
  /** The leader's last call to all. */
  call: string | undefined;
}

/** Names that no step's secret can have. */
const KEY = 'cluster.key';
const SECONDS = 30;

export async function readLeader(system: System): Promise<Leader | undefined> {
  const text = await readIfExists(system.path(CLUSTER_PATHS.leader));
  return text === undefined ? undefined : (JSON.parse(text) as Leader);
}

/**
 * Asks to be let in. The key is on disk before the leader hears of it: whoever is cut off in between asks again with the same.
 * Whom this unit follows stays as it is until `keepLeader`.
 * @param unique what no other unit of its role may have; the leader refuses who has it
 */
export async function join(system: System, code: JoinCode, unique?: Unique): Promise<Leader> {
  const store = new SecretStore(system);
  const name = keyOf(code);
  const key = (await store.read(name)) ?? randomBytes(32).toString('hex');
  await store.write(name, key);
  system.scrubber.register(code.secret);
  const { addresses, port, fingerprint, invite, secret } = code;
  const body = { invite, secret, key, name: hostname(), ...(unique && { unique }) };
  const answer = await ask(code, { method: 'POST', path: '/v1/join', body, timeout: SECONDS, signal: system.signal });
  if (answer.code !== 200) throw refused(answer);
  const joined = JSON.parse(answer.text) as Joined;
  if (validateBy(Joined, joined).length > 0) throw refused(answer);
  return { addresses, port, fingerprint, invite, id: joined.id, role: joined.role };
}

/** From now on this unit follows `leader`, which has let it in. */
export async function keepLeader(system: System, leader: Leader): Promise<void> {
  const store = new SecretStore(system);
  const key = await ownKey(system, leader);
  await forgetFollowed(system);
  await writeFileAtomic(system.path(CLUSTER_PATHS.leader), `${JSON.stringify(leader)}\n`, { mode: 0o600 });
  await store.write(KEY, key);
  await store.remove(keyOf(leader));
}

/** Where the key is until the leader is kept. */
function keyOf({ invite }: { invite: string }): string {
  return `${KEY}.${invite}`;
}

/** @throws UnitError where there is none */
async function ownKey(system: System, leader: Leader): Promise<string> {
  const store = new SecretStore(system);
  const key = (await store.read(keyOf(leader))) ?? (await store.read(KEY));
  if (key === undefined) throw new UnitError('this unit has no key for its leader', { exitCode: ExitCode.unit });
  return key;
}

/** Files other than those that are there, or any where somebody has called all followers. @throws UnitError where the leader has no answer */
export async function fetchFiles(system: System, leader: Leader, { have, call, wait = 0 }: Wanted): Promise<Fetched> {
  const said = Object.entries({ have, call }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const query = new URLSearchParams([...said, ['wait', String(Math.min(wait, LONGEST_WAIT))]]);
  const answer = await askAs(system, leader, { method: 'GET', path: `${FILES_PATH}?${query.toString()}`, timeout: SECONDS + wait });
  const named = answer.headers[CALL_HEADER];
  const last = typeof named === 'string' ? named : undefined;
  if (answer.code === 304) return { files: undefined, call: last };
  if (answer.code !== 200) throw refused(answer);
  const hash = sha256(answer.text);
  if (answer.headers[HASH_HEADER] !== hash) throw new UnitError("the leader's files came damaged", { exitCode: ExitCode.step });
  return { files: { text: answer.text, hash, notified: answer.headers[NOTIFIED_HEADER] !== undefined }, call: last };
}

export async function sendReport(system: System, leader: Leader, report: Report): Promise<void> {
  const body = { ...report, message: system.scrubber.scrub(report.message).slice(0, 500) };
  const answer = await askAs(system, leader, { method: 'POST', path: '/v1/report', body, timeout: SECONDS });
  if (answer.code !== 204) throw refused(answer);
}

async function askAs(
  system: System,
  leader: Leader,
  question: { method: 'GET' | 'POST'; path: string; body?: object; timeout: number },
): Promise<Answer> {
  const key = `${leader.id}.${await ownKey(system, leader)}`;
  return ask(leader, { ...question, key, signal: system.signal });
}

const REMEDIES: Readonly<Record<number, readonly string[]>> = {
  401: ['Make a new code on the leader, `unitctl cluster invite`, and give it: `unitctl settings set cluster.join` on this unit.'],
  409: ['Change this setting here and try again; where the other unit is gone for good, first on the leader: `unitctl cluster revoke ID`.'],
};

function refused({ code, text }: Answer): UnitError {
  return new UnitError(`the leader refused: ${reason(text) ?? `status ${code}`}`, {
    exitCode: ExitCode.step,
    remedies: REMEDIES[code] ?? [],
  });
}

function reason(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? printable(error).slice(0, 200) : undefined;
  } catch {
    return undefined;
  }
}
