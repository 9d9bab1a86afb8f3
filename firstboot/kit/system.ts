/** The machine, as first boot sees it: made once in ctl/main.ts, so that tests can give another root folder and PATH. */
import { join } from 'node:path';

import { bootId } from './boot-id.ts';
import { UnitError } from './errors.ts';
import { type RunOptions, type RunResult, runProgram } from './process.ts';
import { Scrubber } from './scrubber.ts';

export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

export interface SystemOptions {
  /** `/` on a unit. */
  root: string;
  path: string;
  signal: AbortSignal;
}

export interface UserRunOptions extends RunOptions {
  /** Runs as this user, with its supplementary groups; as the calling user where absent. */
  user?: string;
}

export class System {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly scrubber = new Scrubber();
  readonly #path: string;

  constructor(options: SystemOptions) {
    this.root = options.root;
    this.signal = options.signal;
    this.#path = options.path;
  }

  /** Where an absolute path of the unit is found from this process. */
  path(absolute: string): string {
    return join(this.root, absolute);
  }

  /** Runs a program to its end. @throws ProgramError, UnitError for a user that does not exist */
  async run(program: string, args: readonly string[], options: UserRunOptions = {}): Promise<RunResult> {
    const { user, ...rest } = options;
    const around = { path: this.#path, signal: this.signal };
    if (user === undefined) return runProgram(around, program, args, rest);
    const account = await this.account(user);
    const env = { HOME: account.home, USER: user, LOGNAME: user, SHELL: account.shell, ...rest.env };
    if (account.uid === process.getuid?.()) return runProgram(around, program, args, { ...rest, env });
    return runProgram(around, 'setpriv', setprivArguments(account, program, args), { ...rest, env });
  }

  /** The exit code alone, for questions: any code is an answer. */
  async ask(program: string, args: readonly string[], options: UserRunOptions = {}): Promise<number> {
    const any = Array.from({ length: 256 }, (_, code) => code);
    return (await this.run(program, args, { ...options, okExitCodes: any })).exitCode;
  }

  async account(name: string): Promise<Account> {
    const account = await this.findAccount(name);
    if (account !== undefined) return account;
    throw new UnitError(`there is no user ${name} on this unit`, {
      exitCode: 4,
      remedies: ['Put a `user` step before the one that needs it.'],
    });
  }

  async findAccount(name: string): Promise<Account | undefined> {
    const { exitCode, stdout } = await this.run('getent', ['passwd', name], { okExitCodes: [0, 2] });
    return exitCode === 2 ? undefined : parsePasswd(stdout);
  }

  /** Numeric id of a group. @throws UnitError where there is none */
  async groupId(name: string): Promise<number> {
    const { exitCode, stdout } = await this.run('getent', ['group', name], { okExitCodes: [0, 2] });
    const id = stdout.split(':')[2];
    if (exitCode === 2 || id === undefined) throw new UnitError(`there is no group ${name} on this unit`, { exitCode: 4 });
    return Number(id);
  }

  bootId(): Promise<string> {
    return bootId();
  }
}

/** setpriv(1): the change of user without a PAM session, which would need D-Bus and end with the program's group. */
export function setprivArguments(account: Account, program: string, args: readonly string[]): string[] {
  return [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--init-groups', '--', program, ...args];
}

/** One line of passwd(5). */
export function parsePasswd(line: string): Account {
  const [name = '', , uid, gid, , home = '/', shell = '/usr/sbin/nologin'] = line.trim().split(':');
  return { name, uid: Number(uid), gid: Number(gid), home, shell };
}
