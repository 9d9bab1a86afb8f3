/** Whom this unit follows, and with which key. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

import { SecretStore } from '../../apply/secret-store.ts';
import { CLUSTER_PATHS, FILES_PATH, HASH_HEADER, Joined, LONGEST_WAIT, NOTIFIED_HEADER, type Report } from '../../contract/cluster.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { readIfExists, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import { validateBy } from '../../settings/index.ts';
import type { JoinCode } from '../code.ts';
import { sha256 } from '../hash.ts';
import { type Answer, ask, type LeaderPlace } from './client.ts';

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

/** Names that no step's secret can have. */
const KEY = 'cluster.key';
const SECONDS = 30;

export async function readLeader(system: System): Promise<Leader | undefined> {
  const text = await readIfExists(system.path(CLUSTER_PATHS.leader));
  return text === undefined ? undefined : (JSON.parse(text) as Leader);
}

/** The key is on disk before the leader hears of it: whoever is cut off in between asks again with the same. */
export async function join(system: System, code: JoinCode): Promise<Leader> {
  const store = new SecretStore(system);
  const name = `${KEY}.${code.invite}`;
  const key = (await store.read(name)) ?? randomBytes(32).toString('hex');
  await store.write(name, key);
  system.scrubber.register(code.secret);
  const { addresses, port, fingerprint, invite, secret } = code;
  const body = { invite, secret, key, name: hostname() };
  const answer = await ask(code, { method: 'POST', path: '/v1/join', body, timeout: SECONDS, signal: system.signal });
  if (answer.code !== 200) throw refused(answer);
  const joined = JSON.parse(answer.text) as Joined;
  if (validateBy(Joined, joined).length > 0) throw refused(answer);
  const leader: Leader = { addresses, port, fingerprint, invite, id: joined.id, role: joined.role };
  await store.write(KEY, key);
  await writeFileAtomic(system.path(CLUSTER_PATHS.leader), `${JSON.stringify(leader)}\n`, { mode: 0o600 });
  await store.remove(name);
  return leader;
}

/** Files other than those with the hash `have`; undefined where there were none for `wait` seconds. */
export async function fetchFiles(system: System, leader: Leader, have: string | undefined, wait = 0): Promise<NewFiles | undefined> {
  const query = new URLSearchParams({ ...(have === undefined ? {} : { have }), wait: String(Math.min(wait, LONGEST_WAIT)) });
  const answer = await askAs(system, leader, { method: 'GET', path: `${FILES_PATH}?${query.toString()}`, timeout: SECONDS + wait });
  if (answer.code === 304) return undefined;
  if (answer.code !== 200) throw refused(answer);
  const hash = sha256(answer.text);
  if (answer.headers[HASH_HEADER] !== hash) throw new UnitError("the leader's files came damaged", { exitCode: ExitCode.step });
  return { text: answer.text, hash, notified: answer.headers[NOTIFIED_HEADER] !== undefined };
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
  const key = await new SecretStore(system).read(KEY);
  if (key === undefined) throw new UnitError('this unit has no key for its leader', { exitCode: ExitCode.unit });
  return ask(leader, { ...question, key: `${leader.id}.${key}`, signal: system.signal });
}

function refused({ code, text }: Answer): UnitError {
  return new UnitError(`the leader refused: ${reason(text) ?? `status ${code}`}`, {
    exitCode: ExitCode.step,
    remedies:
      code === 401
        ? ['Make a new code on the leader, `unitctl cluster invite`, and give it: `unitctl settings set cluster.join` on this unit.']
        : [],
  });
}

function reason(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === 'string' ? error.slice(0, 200) : undefined;
  } catch {
    return undefined;
  }
}
