/** A booted container: reached as a booted machine is (`Reachable`), without SSH. */
import { readFileSync } from 'node:fs';

import { type Running, type RunResult, run } from '../../../builder/kit/command.ts';
import type { Context } from '../../../builder/kit/context.ts';
import { finaliseUnit, journalOf, probeUnit, type Reachable, type StepTime } from '../../../builder/verify/unitctl.ts';
import type { SshOptions } from '../../../builder/vm/ssh.ts';
import { type Deadline, deadlineIn, waitFor } from '../../../builder/vm/wait.ts';

/** It runs at native speed, beside much else. */
const TIMEOUT_FACTOR = 3;
const BOOT_SECONDS = 60;
const ANY_EXIT_CODE = Array.from({ length: 256 }, (_, code) => code);
/** Nothing of this host's environment gets in. */
const ENVIRONMENT = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LANG=C.UTF-8', 'TERM=dumb'];

export class NspawnUnit implements Reachable {
  readonly name: string;
  /** Without the prefix length; undefined where it has none. */
  readonly address: string | undefined;
  readonly #ctx: Context;
  readonly #process: Running;
  readonly #console: readonly string[];
  #ended = false;

  constructor(ctx: Context, parts: { name: string; address: string | undefined; process: Running; console: readonly string[] }) {
    this.#ctx = ctx;
    this.name = parts.name;
    this.address = parts.address;
    this.#process = parts.process;
    this.#console = parts.console;
    void parts.process.ended.then(() => {
      this.#ended = true;
    });
  }

  deadline(seconds: number): Deadline {
    return deadlineIn(seconds * TIMEOUT_FACTOR);
  }

  /** Runs an argv or a shell script as root on the unit, whatever its exit code will be. */
  async run(command: string | readonly string[], options: SshOptions = {}): Promise<RunResult> {
    const argv = typeof command === 'string' ? ['sh', '-c', command] : command;
    return await run(this.#ctx, 'nsenter', ['--target', String(this.#init()), '--all', '--', 'env', '-i', ...ENVIRONMENT, ...argv], {
      timeout: this.deadline(120).seconds,
      okExitCodes: ANY_EXIT_CODE,
      quiet: true,
      ...options,
    });
  }

  /** `run`, by the name that a machine has for it. */
  ssh(command: string | readonly string[], options: SshOptions = {}): Promise<RunResult> {
    return this.run(command, options);
  }

  /** Standard output of a command that must succeed. */
  async output(command: string | readonly string[], options: SshOptions = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(command, options);
    if (exitCode === 0) return stdout;
    const shown = typeof command === 'string' ? command.split('\n')[0] : command.join(' ');
    throw new Error(`on ${this.name}, \`${shown}\` failed with exit code ${exitCode}: ${(stderr || stdout).trim().slice(-2000)}`);
  }

  /** Copies a file or a folder of this host onto the unit, as `cp -r`. */
  async upload(local: string, remote: string): Promise<void> {
    await run(this.#ctx, 'cp', ['-r', local, this.path(remote)]);
  }

  /** Where this host sees a file of the unit. */
  path(inside: string): string {
    return `/proc/${this.#init()}/root${inside}`;
  }

  /** Waits until the boot is over, whether or not something failed in it. @throws Error with the console's tail. */
  async waitForBoot(seconds = BOOT_SECONDS): Promise<void> {
    const deadline = this.deadline(seconds);
    const isUp = async (): Promise<true | undefined> => {
      if (this.#ended) throw new Error(`${this.name} ended while it was booting:\n${this.consoleTail()}`);
      if (this.#findInit() === undefined) return undefined;
      const { stdout } = await this.run(['systemctl', 'is-system-running']);
      return /^(running|degraded)$/.test(stdout.trim()) ? true : undefined;
    };
    const up = await waitFor(isUp, deadline, this.#ctx.signal, 200);
    if (up !== undefined) return;
    const { stdout: jobs } = await this.run(['systemctl', 'list-jobs', '--no-legend', '--plain']);
    throw new Error(`${this.name} did not boot in ${deadline.seconds} s:\n${this.consoleTail()}\nstill to do:\n${jobs}`);
  }

  /** Units of systemd that failed in this boot. */
  async failedUnits(): Promise<string[]> {
    const lines = (await this.output(['systemctl', 'list-units', '--failed', '--no-legend', '--plain'])).split('\n');
    return lines.map((line) => line.split(' ')[0] ?? '').filter((unit) => unit !== '');
  }

  /** Sets the unit up, as its owner would. @throws UserError with the failed step's log and the journal. */
  finalise(answers: string): Promise<StepTime[]> {
    return finaliseUnit(this.#ctx, this, { answers, remedies: [] });
  }

  /** Asks all probes of a set. @throws Error naming those that did not pass, with the journal. */
  async probe(set: 'smoke' | 'acceptance'): Promise<string[]> {
    const results = await probeUnit(this, set);
    const failed = results.filter(({ passed }) => !passed).map(({ title, message }) => `${title}: ${message}`);
    if (failed.length > 0) throw new Error(`${set} probes of ${this.name}:\n${failed.join('\n')}\n${await this.journal()}`);
    return results.map(({ title }) => title);
  }

  /** Warnings of this boot, and what failed. */
  async journal(): Promise<string> {
    return (await journalOf(this)).join('\n');
  }

  consoleTail(lines = 40): string {
    return this.#console.slice(-lines).join('\n');
  }

  /** Boots it anew, with all that it has written. */
  async reboot(): Promise<void> {
    const before = this.#init();
    await this.run(['systemctl', 'reboot']);
    const gone = await waitFor(() => (this.#findInit() === before ? undefined : true), this.deadline(120), this.#ctx.signal, 200);
    if (gone === undefined) throw new Error(`${this.name} does not go down:\n${this.consoleTail()}`);
    await this.waitForBoot();
  }

  /** Ends it at once, as by pulling the plug. Safe to call again. */
  async stop(): Promise<void> {
    await this.#process.stop(30);
  }

  /** The host's pid of its systemd. */
  #init(): number {
    const pid = this.#findInit();
    if (pid === undefined) throw new Error(`${this.name} does not run:\n${this.consoleTail()}`);
    return pid;
  }

  /** The supervisor's child is systemd-nspawn, whose child is the container's first process. */
  #findInit(): number | undefined {
    return childrenOf(this.#process.pid).flatMap(childrenOf).find(isFirstProcess);
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Whether a process is number 1 of a namespace below ours (proc_pid_status(5)): systemd-nspawn has others at its start. */
function isFirstProcess(pid: number): boolean {
  try {
    return /^NSpid:\t\d+\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
