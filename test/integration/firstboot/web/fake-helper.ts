/**
 * A stand-in for the root helper: the protocol over a real socket, the settings by the project's own code, and a machine
 * that is only in memory.
 */
import { createServer, type Server, type Socket } from 'node:net';
import Value from 'typebox/value';

import type { ApplyEvent, UnitState } from '../../../../firstboot/contract/events.ts';
import {
  type CheckReport,
  HELPER_REQUESTS,
  type HelperAction,
  type HelperAnswers,
  type KeptSettings,
  type RefusedAnswer,
  type SetupResult,
  type UnitStatus,
} from '../../../../firstboot/contract/helper.ts';
import type { Setup } from '../../../../firstboot/contract/unit.ts';
import { problemOf } from '../../../../firstboot/helper/settings.ts';
import type { UnitError } from '../../../../firstboot/kit/errors.ts';
import {
  answersSchema,
  applyDefaults,
  type Layer,
  mergeAnswers,
  secretPaths,
  setAt,
  settingAt,
  validateAnswers,
  withFixed,
} from '../../../../firstboot/settings/index.ts';

type Answers = Record<string, unknown>;
type Parameters = Record<string, unknown>;

export interface FakeUnit {
  code: string;
  productSchema: object | undefined;
  /** What outside sources have said. */
  outside: Layer[];
  /** What they have said that does not fit. */
  refused: RefusedAnswer[];
  setup: Setup | undefined;
  status: Partial<UnitStatus>;
  checks: Record<string, (parameters: Parameters) => CheckReport>;
  result: Partial<SetupResult>;
  /** What `plan` refuses with. */
  planError?: string | UnitError;
}

/** Wrong tries of an address before it has to wait. */
const FREE_TRIES = 3;

export class FakeHelper {
  readonly unit: FakeUnit;
  readonly calls: { action: string; parameters: Parameters }[] = [];
  /** What the page has given, secrets too. */
  wizard: Answers = {};
  state: UnitState = 'waiting';
  claimed = false;
  closed = false;
  /** Runs that were begun. */
  runs = 0;
  /** Seconds; tests move it. */
  now = 0;
  #events: ApplyEvent[] = [];
  #followers = new Set<(event: ApplyEvent) => void>();
  #wrong = new Map<string, { tries: number; until: number }>();
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(unit: Partial<FakeUnit> = {}) {
    this.unit = {
      code: 'ABCD-EFGH-JKLM',
      productSchema: undefined,
      setup: undefined,
      outside: [],
      refused: [],
      status: {},
      checks: {},
      result: {},
      ...unit,
    };
  }

  async listen(path: string): Promise<void> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(path, resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** Says something as the run would; `state` events change the unit's. */
  emit(event: ApplyEvent): void {
    this.#events.push(event);
    if (event.type === 'state') this.state = event.state;
    for (const follower of [...this.#followers]) follower(event);
  }

  /** A whole run of two steps. */
  finish(): void {
    this.emit({ type: 'step-started', step: 'administrator', title: { en: 'Administrator' }, index: 1, count: 2 });
    this.emit({ type: 'output', step: 'administrator', line: 'useradd: done' });
    this.emit({ type: 'step-finished', step: 'administrator', changed: true, seconds: 0.4 });
    this.emit({ type: 'step-started', step: 'database', title: { en: 'Database' }, index: 2, count: 2 });
    this.emit({ type: 'step-finished', step: 'database', changed: false, seconds: 0.1 });
    this.emit({ type: 'state', state: 'ready' });
  }

  kept(): KeptSettings {
    const { productSchema, outside, setup } = this.unit;
    const merged = mergeAnswers([...outside, { source: 'wizard', answers: this.wizard }], productSchema);
    const answers = { schemaVersion: 1, ...merged.answers };
    const values = applyDefaults(answers, productSchema) as unknown as Answers;
    const secrets = secretPaths(productSchema).filter((path) => settingAt(values, path) !== undefined);
    for (const path of secrets) setAt(values, path, undefined);
    return {
      values,
      secretsSet: secrets,
      origins: Object.fromEntries([...merged.origins].map(([pointer, layer]) => [dotted(pointer), layer.source])),
      problems: validateAnswers(answers, productSchema).map(problemOf),
      ...(this.unit.refused.length === 0 ? {} : { refused: this.unit.refused }),
      schema: withFixed(answersSchema(productSchema), setup),
    };
  }

  #serve(socket: Socket): void {
    let text = '';
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.endsWith('\n')) void this.#answer(socket, JSON.parse(text) as { action: string });
    });
  }

  async #answer(socket: Socket, { action, ...parameters }: { action: string } & Parameters): Promise<void> {
    const send = (message: object): boolean => socket.write(`${JSON.stringify(message)}\n`);
    try {
      if (!Object.hasOwn(HELPER_REQUESTS, action)) throw new Error(`"${action}" is no action`);
      if (!fits(action as HelperAction, parameters)) throw new Error(`wrong parameters of ${action}`);
      this.calls.push({ action, parameters });
      const data =
        action === 'follow' ? await this.#follow(socket, send) : this.#actions[action as Exclude<HelperAction, 'follow'>](parameters);
      send({ type: 'result', data });
    } catch (error) {
      const { message, texts } = error as UnitError;
      send({ type: 'error', message, remedies: ['Try something else.'], texts });
    }
    socket.end();
  }

  readonly #actions: { [A in Exclude<HelperAction, 'follow'>]: (parameters: Parameters) => HelperAnswers[A] } = {
    status: () => ({
      state: this.state,
      settled: this.state === 'ready',
      image: 'hello',
      version: '1.2.3',
      title: { en: 'Hello', ja: 'こんにちは', ru: 'Привет' },
      claimed: this.claimed,
      hostName: 'hello-unit',
      addresses: ['192.0.2.10'],
      fingerprint: 'AB:CD:EF',
      ...this.#domain(),
      ...this.unit.status,
    }),
    claim: ({ code, from }) => this.#claim(String(code), String(from)),
    'settings-read': () => this.kept(),
    'settings-write': ({ section, values, clear = [] }) => this.#write(String(section), values as Answers, clear as string[]),
    check: ({ section, check, parameters = {} }) => {
      const run = this.unit.checks[`${String(section)}.${String(check)}`];
      if (run === undefined) throw new Error(`there is no check ${String(check)}`);
      return run(parameters as Parameters);
    },
    plan: () => {
      const { planError } = this.unit;
      if (planError !== undefined) throw typeof planError === 'string' ? new Error(planError) : planError;
      return {
        steps: [
          {
            id: 'administrator',
            title: { en: 'Administrator', ja: '管理者', ru: 'Администратор' },
            words: { en: 'Somebody can log in.', ja: 'ログインできるようになります。', ru: 'Кто-то сможет войти.' },
          },
          {
            id: 'database',
            title: { en: 'Database', ja: 'データベース', ru: 'База данных' },
            words: { en: 'A database is made.', ja: 'データベースを作成します。', ru: 'Создаётся база данных.' },
          },
        ],
      };
    },
    apply: () => {
      if (this.state === 'applying') throw new Error('a run is under way');
      if (this.kept().problems.length > 0) throw new Error('the answers are not whole');
      this.runs += 1;
      this.#events = [];
      this.emit({ type: 'state', state: 'applying' });
      this.emit({
        type: 'plan',
        steps: [
          { id: 'administrator', title: { en: 'Administrator', ja: '管理者', ru: 'Администратор' } },
          { id: 'database', title: { en: 'Database', ja: 'データベース', ru: 'База данных' } },
        ],
      });
      return { started: true };
    },
    result: () => ({
      state: this.state,
      notReady: [],
      urls: ['https://shop.example.org/'],
      fingerprint: 'AB:CD:EF',
      credentials: [],
      warnings: [],
      nextSteps: [],
      ...this.unit.result,
    }),
    confirm: () => {
      if (this.state !== 'ready') throw new Error('the unit is not ready');
      this.closed = true;
      return { closed: true };
    },
  };

  #domain(): { domain?: string } {
    const domain = settingAt(this.kept().values, 'domain.name');
    return typeof domain === 'string' ? { domain } : {};
  }

  #claim(code: string, from: string): HelperAnswers['claim'] {
    if (this.closed) throw new Error('setup is closed');
    const wrong = this.#wrong.get(from) ?? { tries: 0, until: 0 };
    if (wrong.until > this.now) return { ok: false, wait: wrong.until - this.now };
    const plain = (text: string): string => text.toUpperCase().replace(/[^A-Z0-9]/g, '');
    if (plain(code) === plain(this.unit.code)) {
      this.claimed = true;
      this.#wrong.delete(from);
      return { ok: true };
    }
    const tries = wrong.tries + 1;
    const wait = tries < FREE_TRIES ? 0 : 2 ** (tries - FREE_TRIES + 1);
    this.#wrong.set(from, { tries, until: this.now + wait });
    return { ok: false, wait };
  }

  #write(section: string, values: Answers, clear: string[]): KeptSettings {
    const before = this.wizard;
    this.wizard = { ...before, [section]: structuredClone(values) };
    for (const path of secretPaths(this.unit.productSchema)) {
      const kept = settingAt(before, path);
      if (path.startsWith(`${section}.`) && kept !== undefined && settingAt(this.wizard, path) === undefined)
        setAt(this.wizard, path, kept);
    }
    for (const path of clear)
      for (const answers of [this.wizard, ...this.unit.outside.map((layer) => layer.answers as Answers)]) setAt(answers, path, undefined);
    return this.kept();
  }

  async #follow(socket: Socket, send: (message: object) => boolean): Promise<HelperAnswers['follow']> {
    return new Promise((resolve) => {
      const take = (event: ApplyEvent): void => {
        send({ type: 'event', event });
        if (event.type === 'state' && event.state !== 'applying') {
          this.#followers.delete(take);
          resolve({ state: event.state });
        }
      };
      this.#followers.add(take);
      socket.on('close', () => this.#followers.delete(take));
      for (const event of this.#events) take(event);
    });
  }
}

function fits(action: HelperAction, parameters: unknown): boolean {
  return Value.Check(HELPER_REQUESTS[action], parameters);
}

function dotted(pointer: string): string {
  return pointer.split('/').slice(1).join('.');
}
