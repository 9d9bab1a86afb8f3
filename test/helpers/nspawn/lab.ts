/**
 * Units in containers, on a network of their own: a bridge in a network namespace (10.77.0.1), and each unit in a namespace
 * joined to it. All of it is held by processes that die with the test, so nothing has to be taken down by name.
 */
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Cleanup } from '../../../builder/kit/cleanup.ts';
import { type Running, type RunResult, run, start } from '../../../builder/kit/command.ts';
import type { Context } from '../../../builder/kit/context.ts';
import { NspawnUnit } from './unit.ts';

export const LAB_ADDRESS = '10.77.0.1';
const PREFIX = 24;
const SUPERVISE = fileURLToPath(new URL('supervise.sh', import.meta.url));
/** Docker's overlays cannot stand on another one. */
const DOCKER_FOLDER = '/var/lib/docker';
/** What runc calls and systemd-nspawn does not let through by default: session keyrings, device rules as BPF. */
const CALLS_OF_RUNC = '--system-call-filter=@keyring bpf';
/** Where a container has its one interface; settings may name it. */
export const INTERFACE = 'eth0';

export interface UnitOptions {
  name: string;
  /** Of the lab's network, such as 10.77.0.2; without, the unit has a link and no address. */
  address?: string;
  /** Name server that the link has. */
  dns?: string;
  /** More arguments of systemd-nspawn(1). */
  arguments?: readonly string[];
}

export class Lab {
  readonly #ctx: Context;
  readonly #cleanup: Cleanup;
  readonly #folder: string;
  readonly #network: Running;

  /** Use `openLab`. */
  constructor(ctx: Context, cleanup: Cleanup, folder: string, network: Running) {
    this.#ctx = ctx;
    this.#cleanup = cleanup;
    this.#folder = folder;
    this.#network = network;
  }

  /** Runs a program of this host in the lab's network: as a client that stands beside the units. */
  async run(argv: readonly string[], options: Parameters<typeof run>[3] = {}): Promise<RunResult> {
    return await run(this.#ctx, 'nsenter', this.#inNetwork(argv), { timeout: 120, ...options });
  }

  /** Starts a program of this host in the lab's network: a mail or name server, say. The lab's end is its end. */
  async start(argv: readonly string[], options: Parameters<typeof start>[3] = {}): Promise<Running> {
    return await startTied(this.#ctx, this.#cleanup, argv.join(' '), ['nsenter', ...this.#inNetwork(argv)], options);
  }

  /** Boots a throw-away copy of `tree`. Returns when the boot is over. */
  async boot(tree: string, options: UnitOptions): Promise<NspawnUnit> {
    const folder = join(this.#folder, options.name);
    for (const name of ['upper', 'work', 'root']) mkdirSync(join(folder, name), { recursive: true });
    const layers = `lowerdir=${tree},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`;
    const own = [...(await this.#dockerFolder(tree, folder)), ...(options.arguments ?? [])];
    const mount = ['--types', 'overlay', 'overlay', '--options', layers];
    const unit = await this.#startContainer(folder, mount, { ...options, arguments: own });
    await unit.waitForBoot();
    return unit;
  }

  /** Boots `tree` itself, which keeps what is written, with `words` as its kernel's command line. */
  async bootInPlace(tree: string, options: UnitOptions, words: readonly string[]): Promise<NspawnUnit> {
    const folder = join(this.#folder, options.name);
    mkdirSync(join(folder, 'root'), { recursive: true });
    const unit = await this.#startContainer(folder, ['--bind', tree], { ...options, arguments: ['--', ...words] });
    await unit.waitForBoot();
    return unit;
  }

  async #startContainer(folder: string, mount: readonly string[], options: UnitOptions): Promise<NspawnUnit> {
    const { name, address } = options;
    const network = await this.#joinNetwork(name);
    const console: string[] = [];
    const configuration = join(folder, 'eth0.network');
    writeFileSync(configuration, networkFile(address, options.dns));
    const nspawn = [
      ...['--quiet', '--boot', `--machine=${name}`, '--register=no', '--keep-unit', '--console=read-only'],
      ...['--resolv-conf=off', '--timezone=off', '--link-journal=no'],
      ...[`--network-namespace-path=/proc/${network.pid}/ns/net`, '--capability=CAP_NET_ADMIN', CALLS_OF_RUNC],
      `--bind-ro=${configuration}:/run/systemd/network/70-lab.network`,
      ...(options.arguments ?? []),
    ];
    // Control groups have names for all of this host.
    const group = `${basename(this.#folder)}-${name}`;
    const tree = join(folder, 'root');
    const argv = ['unshare', '--mount', '--propagation', 'private', SUPERVISE, group, tree, ...mount, '--', ...nspawn];
    const process = await startTied(this.#ctx, this.#cleanup, `container ${name}`, argv, { onLine: (line) => console.push(line) });
    return new NspawnUnit(this.#ctx, { name, address, process, console });
  }

  /** A network namespace for one unit, with an interface on the lab's bridge. */
  async #joinNetwork(name: string): Promise<Running> {
    const own = await holdNetwork(this.#ctx, this.#cleanup, `network of ${name}`);
    await this.run(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', INTERFACE, 'netns', String(own.pid)]);
    await this.run(['ip', 'link', 'set', name, 'master', 'lab', 'up']);
    return own;
  }

  #inNetwork(argv: readonly string[]): string[] {
    return [`--net=/proc/${this.#network.pid}/ns/net`, '--', ...argv];
  }

  /** Arguments that give Docker, where the tree has it, a folder on a plain file system instead of the overlay. */
  async #dockerFolder(tree: string, folder: string): Promise<string[]> {
    if (!existsSync(join(tree, 'usr/sbin/dockerd'))) return [];
    const own = join(folder, 'docker');
    const baked = join(tree, DOCKER_FOLDER);
    // With hard links and the attributes of overlays.
    if (existsSync(baked)) await run(this.#ctx, 'cp', ['--archive', baked, own]);
    else mkdirSync(own, { mode: 0o710 });
    return [`--bind=${own}:${DOCKER_FOLDER}`];
  }
}

/** A lab without units. `cleanup` takes everything down. */
export async function openLab(ctx: Context, cleanup: Cleanup): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'lab-'));
  cleanup.add(`folder ${folder}`, () => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const network = await holdNetwork(ctx, cleanup, 'network of the lab');
  const lab = new Lab(ctx, cleanup, folder, network);
  for (const words of [
    ['link', 'add', 'lab', 'type', 'bridge'],
    ['address', 'add', `${LAB_ADDRESS}/${PREFIX}`, 'dev', 'lab'],
    ['link', 'set', 'lab', 'up'],
    ['link', 'set', 'lo', 'up'],
  ])
    await lab.run(['ip', ...words]);
  return lab;
}

/** A process that is there to keep a network namespace. */
async function holdNetwork(ctx: Context, cleanup: Cleanup, what: string): Promise<Running> {
  let isThere: () => void = () => undefined;
  const there = new Promise<void>((resolve) => {
    isThere = resolve;
  });
  const argv = ['unshare', '--net', 'sh', '-c', 'echo there; exec sleep infinity'];
  const process = await startTied(ctx, cleanup, what, argv, { onLine: isThere });
  await Promise.race([
    there,
    process.ended.then((code) => {
      throw new Error(`${what} could not be made: exit code ${code}`);
    }),
  ]);
  return process;
}

/** Starts what ends with this process, however that ends. */
async function startTied(
  ctx: Context,
  cleanup: Cleanup,
  what: string,
  argv: readonly string[],
  options: Parameters<typeof start>[3],
): Promise<Running> {
  const running = await start(ctx, 'setpriv', ['--pdeathsig', 'TERM', '--', ...argv], options);
  cleanup.add(what, () => running.stop(30));
  return running;
}

function networkFile(address: string | undefined, dns: string | undefined): string {
  const lines = [
    ...(address === undefined ? [] : [`Address=${address}/${PREFIX}`, `Gateway=${LAB_ADDRESS}`]),
    ...(dns === undefined ? [] : [`DNS=${dns}`, 'Domains=~.']),
  ];
  return `[Match]\nName=${INTERFACE}\n\n[Network]\nLLMNR=no\nMulticastDNS=no\n${lines.join('\n')}\n`;
}
