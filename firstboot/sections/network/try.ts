/**
 * A network tried out before it is kept. Its files are in /run, where they win over those in /etc: taking them away is all
 * that going back needs, and a reboot does it too. systemd's timers begin and end the try, whatever becomes of the setup
 * page and its helper.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import { ExitCode, ProgramError, UnitError } from '../../kit/errors.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import { applyNetwork, applyResolver, type NetworkWanted, trialFiles, waitForNetwork, wishes } from './interfaces.ts';
import { readLinks } from './links.ts';
import { resolverFile, TRY_RESOLVER_FILE } from './networkd.ts';

/** Seconds in which a try must be confirmed at the new address. */
export const TRY_SECONDS = 120;
/** Seconds before it begins: the page must have its answer, with the link to the new address, by the old one. */
const HEAD_START = 3;
/** Seconds after the last moment at which a token counts until the network goes back: the two must not meet. */
const MARGIN = 5;
const STATE = '/run/unit/network-try.json';
/** Transient units of systemd-run(1). */
const BEGIN = 'unit-network-try';
const REVERT = 'unit-network-revert';
const UNITCTL = '/usr/bin/unitctl';

interface Try {
  /** SHA-256 of the token, hex. */
  token: string;
  /** CLOCK_MONOTONIC, seconds: setting the clock gives nobody more time. */
  deadline: number;
  wanted: NetworkWanted;
}

/**
 * Has `wanted` tried out: begins in a few seconds, ends after `TRY_SECONDS` unless confirmed. A try that is under way ends.
 * @returns the token that confirms it, once
 * @throws UnitError for an interface that is not there, or where systemd takes no timer
 */
export async function tryNetwork(system: System, wanted: NetworkWanted): Promise<{ token: string }> {
  wishes(wanted.interfaces, await readLinks(system), true);
  await revertTry(system, () => undefined);
  const token = randomBytes(32).toString('base64url');
  const state: Try = { token: hashOf(token), deadline: monotonic() + HEAD_START + TRY_SECONDS, wanted };
  await writeFileAtomic(system.path(STATE), JSON.stringify(state), { mode: 0o600 });
  try {
    // The way back first.
    await startTimer(system, REVERT, HEAD_START + TRY_SECONDS + MARGIN, ['network', 'try', '--end']);
    await startTimer(system, BEGIN, HEAD_START, ['network', 'try', '--begin']);
  } catch (error) {
    await revertTry(system, () => undefined);
    if (!(error instanceof ProgramError)) throw error;
    throw new UnitError('systemd does not take a timer, so nothing would end the try', { exitCode: ExitCode.step, cause: error });
  }
  return { token };
}

/** What the first timer does. A network that cannot be set up is taken back at once. */
export async function beginTry(system: System, log: (line: string) => void): Promise<void> {
  const state = await readTry(system);
  if (state === undefined) return;
  const { wanted } = state;
  try {
    for (const { path, text } of wishes(wanted.interfaces, await readLinks(system), true)) await writeFileAtomic(system.path(path), text);
    await system.run('networkctl', ['reload'], { onLine: log, timeout: 60 });
    await applyResolver(system, TRY_RESOLVER_FILE, resolverFile(wanted.servers, wanted.search), log);
    await waitForNetwork(system, wanted.interfaces, log, { trial: true });
  } catch (error) {
    await revertTry(system, log);
    throw error;
  }
}

/**
 * Keeps the network that is tried out, where `token` is its own and comes in time. It counts once, so whoever brings it first
 * has it.
 * @returns false for a token that is wrong, late, or of a try that has ended
 */
export async function confirmTry(system: System, token: string, log: (line: string) => void): Promise<boolean> {
  const state = await readTry(system);
  if (state === undefined || monotonic() > state.deadline) return false;
  if (!timingSafeEqual(Buffer.from(hashOf(token)), Buffer.from(state.token))) return false;
  await removeFile(system.path(STATE));
  await stopTimers(system);
  // Files of the try go when those that stay are there.
  await applyNetwork(system, state.wanted, log);
  return true;
}

/** Goes back to the network before the try; without one nothing happens. */
export async function revertTry(system: System, log: (line: string) => void): Promise<void> {
  await removeFile(system.path(STATE));
  const files = await trialFiles(system);
  for (const path of files) await removeFile(system.path(path));
  if (files.length > 0) await system.run('networkctl', ['reload'], { onLine: log, timeout: 60 });
  await applyResolver(system, TRY_RESOLVER_FILE, undefined, log);
  await stopTimers(system);
}

async function readTry(system: System): Promise<Try | undefined> {
  const text = await readIfExists(system.path(STATE));
  return text === undefined ? undefined : (JSON.parse(text) as Try);
}

async function startTimer(system: System, unit: string, seconds: number, args: readonly string[]): Promise<void> {
  const options = [`--unit=${unit}`, `--on-active=${seconds}s`, '--timer-property=AccuracySec=500ms', '--collect', '--quiet'];
  await system.run('systemd-run', [...options, '--', UNITCTL, ...args]);
}

/** The timers alone: this may run in the service of one of them. Those that are not there are fine. */
async function stopTimers(system: System): Promise<void> {
  await system.ask('systemctl', ['stop', `${BEGIN}.timer`, `${REVERT}.timer`]);
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}
