/** OpenSSH's own client with a one-time key: nothing of the user's configuration, agent or known hosts is read or written. */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

import { commandLine, type RunResult, run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';

export interface KeyPair {
  /** File of the private key, readable by its owner only. */
  file: string;
  /** One line of an authorized_keys file. */
  publicKey: string;
}

/** Makes an Ed25519 key pair without a passphrase in `folder`. */
export async function oneTimeKey(ctx: Context, folder: string, name = 'key'): Promise<KeyPair> {
  const file = join(folder, name);
  await run(ctx, 'ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `unitsmith-one-time-${name}`, '-f', file]);
  return { file, publicKey: (await readFile(`${file}.pub`, 'utf8')).trim() };
}

export interface SshTarget {
  user: string;
  port: number;
  keyFile: string;
  /** Socket of a connection that is already there and shared (ControlPath); used where it answers. */
  controlPath?: string;
}

/** Options that ssh and scp share. The host key is not checked: the unit made it a minute ago, and the way is loopback. */
export function sshOptions(target: Pick<SshTarget, 'keyFile' | 'controlPath'>): string[] {
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'PreferredAuthentications=publickey',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'GlobalKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'ConnectTimeout=30',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=8',
    'ControlMaster=no',
    `ControlPath=${target.controlPath ?? 'none'}`,
  ];
  return ['-F', 'none', '-i', target.keyFile, ...options.flatMap((option) => ['-o', option])];
}

/** ssh(1) arguments that run `remote` by the login shell of the user over there; none gives a login. */
export function sshArgv(target: SshTarget, remote?: string): string[] {
  const words = ['-p', String(target.port), `${target.user}@127.0.0.1`];
  return [...sshOptions(target), ...words, ...(remote === undefined ? [] : ['--', remote])];
}

/** The connection that the others share: it stays in the foreground, so that it ends when we end it. */
export function sshMasterArgv(target: SshTarget): string[] {
  const own = sshOptions(target).map((option) => (option === 'ControlMaster=no' ? 'ControlMaster=yes' : option));
  return [...own, '-N', '-p', String(target.port), `${target.user}@127.0.0.1`];
}

/** What a person types to get in: shorter than what we use, with the same effect. */
export function sshCommandLine(target: SshTarget): string {
  const options = [
    '-o',
    'IdentitiesOnly=yes',
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ];
  return commandLine('ssh', ['-i', target.keyFile, ...options, '-p', String(target.port), `${target.user}@127.0.0.1`]);
}

export interface SshOptions {
  /** Written to the command's standard input. */
  input?: string | Uint8Array;
  /** Seconds, as they are; `Machine.ssh` gives 120 on hardware virtualisation and more elsewhere by default. */
  timeout?: number;
  /** Called with each line that the command writes, as it comes. */
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** ssh's own failures end with this; every other code is the command's. */
const SSH_FAILED = 255;
const ANY_COMMAND_RESULT = Array.from({ length: SSH_FAILED }, (_, code) => code);

/**
 * Runs a command over there: an argv (quoted for the shell in between) or a shell script.
 * @returns whatever the command's exit code is.
 * @throws ToolError where ssh itself fails or time runs out.
 */
export async function runSsh(
  ctx: Context,
  target: SshTarget,
  command: string | readonly string[],
  options: SshOptions,
): Promise<RunResult> {
  const remote = typeof command === 'string' ? command : commandLine(command[0] ?? 'true', command.slice(1));
  return await run(ctx, 'ssh', sshArgv(target, remote), {
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
    okExitCodes: ANY_COMMAND_RESULT,
    // The connection's master holds our pipes until the command has ended over there: not what a cancelled run waits for.
    grace: 1,
    quiet: true,
  });
}

/**
 * Whether an SSH server greets at this port of loopback (RFC 4253, section 4.2). QEMU's user network accepts every
 * connection itself, so that a connection alone proves nothing. Waits for `timeout` milliseconds, or until `signal`.
 */
export async function sshGreets(port: number, timeout: number, signal?: AbortSignal): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (greeted: boolean): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(greeted);
    };
    const giveUp = (): void => done(false);
    const timer = setTimeout(giveUp, timeout);
    signal?.addEventListener('abort', giveUp, { once: true });
    socket.once('data', (data) => done(data.toString('latin1').startsWith('SSH-2.0')));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}
