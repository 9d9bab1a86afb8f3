/** A running virtual machine: how to talk to it, wait for it and end it. boot.ts makes it. */
import { setTimeout as wait } from 'node:timers/promises';

import type { Running, RunResult } from '../kit/command.ts';
import { run, start } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../kit/errors.ts';
import { forwardRule, USER_NETWORK } from './argv.ts';
import { freePort } from './ports.ts';
import type { Qmp } from './qmp.ts';
import type { Link } from './scan/link.ts';
import { deadEnd, lastLines, panicked, serialText } from './serial.ts';
import type { MachineSpec } from './spec.ts';
import { runSsh, type SshOptions, type SshTarget, sshCommandLine, sshGreets, sshMasterArgv, sshOptions } from './ssh.ts';
import { type Deadline, deadlineIn, waitFor } from './wait.ts';

/** What boot.ts hands over. */
export interface MachineParts {
  /** With the key that lets in. */
  spec: MachineSpec & Required<Pick<MachineSpec, 'key'>>;
  process: Running;
  qmp: Qmp;
  /** Last words of QEMU itself, filled while it runs. */
  complaints: readonly string[];
  serialLog: string;
  forwards: Map<number, number>;
  ssh: SshTarget & { controlPath: string };
  link: Link | undefined;
  /** How much longer everything may take than on hardware virtualisation. */
  timeoutFactor: number;
  poweredOn: number;
}

const TAIL = 40;

/** The guest did not come up, in distinction from a host that cannot start it. */
export class GuestFailure extends UserError {}

/** The guest's kernel panicked. */
export class GuestPanic extends GuestFailure {}
/** Milliseconds for one greeting: an emulated guest takes some of them. */
const GREETING = 10_000;
/** Milliseconds between two looks at the console meanwhile. */
const WATCH = 500;
/** A refused key is not tried for ever: sshd answers too many failures by not answering at all. */
const REFUSALS = 3;

export class Machine {
  readonly spec: MachineParts['spec'];
  /** Joined to the guest's network, where the spec asked for it. */
  readonly link: Link | undefined;
  /** Seconds from power-on to the first command by SSH; undefined until then. */
  secondsToSsh: number | undefined;
  readonly #ctx: Context;
  readonly #parts: MachineParts;
  #ended: { exitCode: number | undefined } | undefined;
  #master: Running | undefined;

  constructor(ctx: Context, parts: MachineParts) {
    this.#ctx = ctx;
    this.#parts = parts;
    this.spec = parts.spec;
    this.link = parts.link;
    void parts.process.ended.then((exitCode) => {
      this.#ended = { exitCode };
    });
  }

  get sshPort(): number {
    return this.#parts.ssh.port;
  }

  /** Settles when the machine is off, by itself or by `stop`. Never rejects. */
  get ended(): Promise<number | undefined> {
    return this.#parts.process.ended;
  }

  /** What a person types to get in as root. */
  get sshCommandLine(): string {
    return sshCommandLine(this.#parts.ssh);
  }

  /** A deadline that takes this host's speed into account: `seconds` as on hardware virtualisation. */
  deadline(seconds: number): Deadline {
    return deadlineIn(seconds * this.#parts.timeoutFactor);
  }

  /** Runs an argv or a shell script as root, or as `login`. @throws ToolError where ssh itself fails or time runs out. */
  async ssh(
    command: string | readonly string[],
    options: SshOptions & { login?: { user: string; keyFile: string } } = {},
  ): Promise<RunResult> {
    const { login, ...rest } = options;
    const target = login === undefined ? this.#parts.ssh : { ...login, port: this.sshPort };
    return await runSsh(this.#ctx, target, command, { timeout: 120 * this.#parts.timeoutFactor, ...rest });
  }

  /** Standard output of a command that must succeed. @throws UserError(tool) with its standard error otherwise: the unit's fault. */
  async output(command: string | readonly string[], options: SshOptions = {}): Promise<string> {
    const result = await this.ssh(command, options);
    if (result.exitCode === 0) return result.stdout;
    const shown = typeof command === 'string' ? command.split('\n')[0] : command.join(' ');
    const said = (result.stderr || result.stdout).trim().slice(-800);
    throw new UserError(`on the unit, \`${shown}\` failed with exit code ${result.exitCode}: ${said}`, { exitCode: ExitCode.tool });
  }

  /** Copies a file or a folder onto the unit, as root. */
  async upload(local: string, remote: string): Promise<void> {
    const target = this.#parts.ssh;
    await run(this.#ctx, 'scp', [
      '-r',
      '-q',
      ...sshOptions(target),
      '-P',
      String(target.port),
      local,
      `${target.user}@127.0.0.1:${remote}`,
    ]);
  }

  /**
   * The port of 127.0.0.1 that leads to a TCP port of the guest; opened now where the spec did not ask for it. To another address
   * than the guest's first one a new one leads each time.
   */
  async forward(guestPort: number, address?: string): Promise<number> {
    const known = address === undefined ? this.#parts.forwards.get(guestPort) : undefined;
    if (known !== undefined) return known;
    const hostPort = await freePort();
    const refusal = await this.#parts.qmp.monitor(`hostfwd_add ${USER_NETWORK} ${forwardRule(guestPort, hostPort, address)}`);
    if (refusal.trim() !== '') throw new Error(`QEMU does not forward port ${guestPort}: ${refusal.trim()}`);
    if (address === undefined) this.#parts.forwards.set(guestPort, hostPort);
    return hostPort;
  }

  /** A command of QEMU's machine protocol (QMP): its screen, its keyboard, its devices. */
  async execute(command: string, parameters: Record<string, unknown> = {}): Promise<unknown> {
    return await this.#parts.qmp.execute(command, parameters);
  }

  async serial(): Promise<string> {
    return await serialText(this.#parts.serialLog);
  }

  /** The last lines of the serial console. */
  async serialTail(lines: number): Promise<string[]> {
    return lastLines(await this.serial(), lines);
  }

  /** Waits until the serial console shows `pattern`. @throws GuestFailure with the console's tail. */
  async waitForSerial(pattern: RegExp, deadline: Deadline): Promise<RegExpMatchArray> {
    const found = await waitFor(
      async () => {
        const text = await this.serial();
        const match = text.match(pattern);
        if (match === null) await this.#assertAlive(text);
        return match ?? undefined;
      },
      deadline,
      this.#ctx.signal,
    );
    return found ?? (await this.#fail(`the serial console of ${this.spec.name} never showed ${pattern.source}`, deadline));
  }

  /** Waits until a command runs by SSH. @throws GuestFailure with the console's tail, at once where the boot is stuck. */
  async waitForSsh(deadline: Deadline): Promise<void> {
    let refusals = 0;
    const reached = await waitFor(
      async () => {
        const patience = Math.min(GREETING, Math.max(0, deadline.at - Date.now()));
        if (!(await this.#greets(patience))) return undefined;
        const refusal = await this.#tryLogin();
        if (refusal === undefined) return true;
        if (/Permission denied/.test(refusal)) refusals += 1;
        if (refusals >= REFUSALS) await this.#fail(`${this.spec.name} does not accept the one-time SSH key`, deadline, refusal);
        return undefined;
      },
      deadline,
      this.#ctx.signal,
      1000,
    );
    if (reached === undefined) await this.#fail(`SSH never came up on ${this.spec.name}`, deadline);
    this.secondsToSsh = Math.round((Date.now() - this.#parts.poweredOn) / 100) / 10;
    // One connection for all that follows: a handshake costs a second where the guest is emulated.
    this.#master = await start(this.#ctx, 'ssh', sshMasterArgv(this.#parts.ssh));
  }

  /** Ends the machine at once, as by pulling the plug. Safe to call again. */
  async stop(): Promise<void> {
    await this.#master?.stop(2);
    this.#parts.qmp.close();
    this.#parts.link?.close();
    await this.#parts.process.stop(5);
  }

  /** Ends the machine as a power cut does: QEMU itself gets no chance to write what it holds. */
  async cut(): Promise<void> {
    await this.#parts.process.kill();
    await this.stop();
  }

  /** Whether SSH greets. Meanwhile the console is looked at: a guest that is stuck greets nobody. */
  async #greets(patience: number): Promise<boolean> {
    const over = new AbortController();
    const watch = async (): Promise<never> => {
      for (;;) {
        await this.#assertAlive(await this.serial());
        await wait(WATCH, undefined, { signal: over.signal });
      }
    };
    try {
      return await Promise.race([watch(), sshGreets(this.sshPort, patience, AbortSignal.any([this.#ctx.signal, over.signal]))]);
    } finally {
      over.abort();
    }
  }

  /** Undefined on success, else what ssh says. */
  async #tryLogin(): Promise<string | undefined> {
    try {
      const { exitCode, stderr } = await this.ssh(['true'], { timeout: 60 * this.#parts.timeoutFactor });
      return exitCode === 0 ? undefined : stderr;
    } catch (error) {
      if (error instanceof ToolError && !error.failure.missing) return error.failure.tail.join('\n');
      throw error;
    }
  }

  async #assertAlive(console: string): Promise<void> {
    if (this.#ended !== undefined) {
      const how = this.#parts.complaints.slice(-3).join(' ') || `exit code ${this.#ended.exitCode ?? 'unknown'}`;
      await this.#fail(`QEMU ended while ${this.spec.name} was booting`, undefined, how);
    }
    const why = deadEnd(console);
    if (why !== undefined) await this.#fail(`${this.spec.name} does not boot`, undefined, why);
  }

  async #fail(message: string, deadline: Deadline | undefined, why?: string): Promise<never> {
    const console = await this.serial();
    const lines = lastLines(console, TAIL);
    const late = deadline === undefined ? message : `${message} (waited ${Math.round(deadline.seconds)} s)`;
    const silent =
      lines.length === 0
        ? 'the serial console stayed silent: there is nothing to boot on the disk, or its system has no console=ttyS0'
        : undefined;
    const reason = why ?? deadEnd(console) ?? silent;
    throw new (panicked(console) ? GuestPanic : GuestFailure)(late, {
      exitCode: ExitCode.tool,
      ...(reason === undefined ? {} : { why: reason }),
      excerpt: { title: 'Serial console', lines: lines.length === 0 ? ['(nothing was shown)'] : lines },
    });
  }
}
