/** A Pryv.io platform of several units, whatever they run in: how they join it, and how a user's program asks it. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';

import type { Context } from '../../builder/kit/context.ts';
import { packageRoot } from '../../builder/kit/paths.ts';
import { finaliseUnit, journalOf, type Reachable } from '../../builder/verify/unitctl.ts';
import { waitFor } from '../../builder/vm/wait.ts';

export const PRYV_IMAGE = join(packageRoot(), 'images', 'pryv');
export const PRYV_DOMAIN = 'platform.example.org';
/** As the sample answers have them. */
export const PRYV_ADDRESSES = { leader: '10.77.0.2', core: '10.77.0.3', static: '10.77.0.4', slave: '10.77.0.5', core2: '10.77.0.6' };

/** Arguments of curl that post it. */
const json = (data: object): string[] => ['--header', 'Content-Type: application/json', '--data', JSON.stringify(data)];
/** An event of `newUser`'s stream. */
export const note = (content: string): string[] => json({ streamIds: ['diary'], type: 'note/txt', content });

/** Runs a program that stands beside the units. @returns its standard output, whatever its exit code */
export type Bystander = (argv: readonly string[]) => Promise<string>;

export class PryvPlatform {
  readonly #ctx: Context;
  readonly #leader: Reachable;
  readonly #bystander: Bystander;
  readonly #work = mkdtempSync(join(tmpdir(), 'pryv-answers-'));

  constructor(ctx: Context, leader: Reachable, bystander: Bystander) {
    this.#ctx = ctx;
    this.#leader = leader;
    this.#bystander = bystander;
  }

  /** What comes of a request by a user's program, who knows where the name leads. */
  async ask(name: string, address: string, path: string, ...more: string[]): Promise<string> {
    const where = ['--resolve', `${name}.${PRYV_DOMAIN}:443:${address}`, '--noproxy', '*', '--max-time', '20'];
    return await this.#bystander([
      ...['curl', '--silent', '--show-error', '--insecure', ...where, ...more],
      `https://${name}.${PRYV_DOMAIN}${path}`,
    ]);
  }

  /** A user who registers at this core, and has a stream `diary` there. @returns what asks about the user's events */
  async newUser(username: string, address: string, core = 'co1'): Promise<(...more: string[]) => Promise<string>> {
    const person = { username, password: 'sample-only-4711', email: `${username}@example.org`, appId: 'unit-platform' };
    const made = await this.ask(core, address, '/users', ...json(person));
    const { apiEndpoint } = JSON.parse(made) as { apiEndpoint?: string };
    expect(apiEndpoint, made).toBeDefined();
    const token = ['--header', `Authorization: ${new URL(apiEndpoint as string).username}`];
    expect(await this.ask(username, address, '/streams', ...token, ...json({ id: 'diary', name: 'Diary' }))).toContain('"stream"');
    return (...more) => this.ask(username, address, '/events', ...token, ...more);
  }

  /** Records that a register serves. */
  async resolved(name: string, type: string, server = PRYV_ADDRESSES.leader): Promise<unknown> {
    const script = `const r = new (require('node:dns').promises.Resolver)(); r.setServers(['${server}']);
      r.resolve('${name}', '${type}').then((found) => console.log(JSON.stringify(found)));`;
    return JSON.parse(await this.#bystander(['node', '-e', script])) as unknown;
  }

  async until(what: () => Promise<boolean>): Promise<void> {
    const found = await waitFor(async () => ((await what()) ? true : undefined), this.#leader.deadline(30), this.#ctx.signal, 1000);
    // Of a leader that is off there is none.
    const journal = found === undefined ? await journalOf(this.#leader).catch(() => []) : [];
    expect(found, journal.join('\n')).toBe(true);
  }

  /** Whoever follows the leader, as it sees them. */
  async followers(): Promise<{ role: string; state: string }[]> {
    const { stdout } = await this.#leader.ssh(['unitctl', 'cluster', 'list', '--json']);
    return (JSON.parse(stdout) as { data: { role: string; state: string }[] }).data;
  }

  async allReady(count: number): Promise<boolean> {
    const all = await this.followers();
    return all.length === count && all.every(({ state }) => state === 'ready');
  }

  /** Sets a unit up in its role by the sample answers and `more`: the leader first. */
  async setUp(unit: Reachable, role: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const answers = parse(readFileSync(join(PRYV_IMAGE, 'sample', `answers.${role}.yaml`), 'utf8')) as Record<string, unknown>;
    const file = join(this.#work, `answers.${role}.yaml`);
    writeFileSync(file, stringify({ ...answers, ...more }));
    await finaliseUnit(this.#ctx, unit, { answers: file, remedies: [] });
  }

  /** Sets a follower up by a new join code of the leader's. */
  async joins(unit: Reachable, role: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const made = await this.#leader.output([
      ...['unitctl', 'cluster', 'invite', '--role', role, '--address', PRYV_ADDRESSES.leader, '--json'],
    ]);
    const { code } = (JSON.parse(made) as { data: { code: string } }).data;
    await this.setUp(unit, role, { ...more, cluster: { role, join: code } });
  }
}
