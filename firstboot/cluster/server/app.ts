/** The leader's server: followers join, wait for files and report; whoever has the admin key calls them all. */
import { watch } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { CALL_HEADER, FILES_PATH, HASH_HEADER, JoinRequest, LONGEST_WAIT, NOTIFIED_HEADER, Report } from '../../contract/cluster.ts';
import { validateBy } from '../../settings/index.ts';
import { type Known, type Store, Taken } from './store.ts';

const LARGEST = 16 * 1024;

/** Refusals that one address is told in a minute; then it is told to wait. Secrets of 256 bits need none of it: clients in a loop do. */
const PATIENCE = 60;

interface Reply {
  code: number;
  body?: string;
  headers?: Record<string, string>;
}

/** The caller, asked once more. */
type Again = () => Promise<Known | undefined>;

/** Why a waiting follower is woken. */
type Call = 'published' | 'notified' | 'over';

export class ClusterApp {
  readonly #store: Store;
  readonly #log: (line: string) => void;
  readonly #waiting = new Set<(call: Call) => void>();
  #refused = { minute: 0, counts: new Map<string, number>() };

  constructor(store: Store, log: (line: string) => void) {
    this.#store = store;
    this.#log = log;
  }

  /** From now on what root lays out wakes whoever waits for it. */
  watch(): void {
    watch(this.#store.published, () => this.#wake('published'));
  }

  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    void this.#answer(request, response)
      .catch((error: unknown): Reply => {
        this.#log(error instanceof Error ? (error.stack ?? error.message) : String(error));
        return said(500, 'internal error');
      })
      .then(({ code, body, headers }) => {
        response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
        response.end(body);
      });
  };

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Reply> {
    const target = request.url ?? '/';
    if (!URL.canParse(target, 'https://leader')) return said(400, 'this is no address');
    const url = new URL(target, 'https://leader');
    switch (`${request.method ?? ''} ${url.pathname}`) {
      case 'POST /v1/join':
        return this.#join(request);
      case `GET ${FILES_PATH}`:
        return this.#withFollower(request, (follower, again) => this.#files(follower, again, url, response));
      case 'POST /v1/report':
        return this.#withFollower(request, (follower) => this.#report(follower, request));
      case 'POST /admin/notify':
        return this.#notify(request, url);
      default:
        return said(404, 'there is nothing here');
    }
  }

  async #join(request: IncomingMessage): Promise<Reply> {
    const body = await bodyOf<JoinRequest>(request, JoinRequest);
    const joined = body === undefined ? undefined : await this.#store.join(body, Date.now()).catch(takenOf);
    if (joined instanceof Taken) return said(409, joined.message);
    if (joined === undefined) return this.#refuse(request, 'this join code is unknown, over or used');
    this.#log(`follower ${joined.id} joined as ${joined.role}`);
    return { code: 200, body: JSON.stringify(joined) };
  }

  /** @param work gets the caller, and who it is by then whenever that is asked again: nobody, once it was cut off */
  async #withFollower(request: IncomingMessage, work: (follower: Known, again: Again) => Promise<Reply | undefined>): Promise<Reply> {
    const [, id = '', key = ''] = /^Bearer ([0-9a-f]{16})\.([0-9a-f]{64})$/.exec(request.headers.authorization ?? '') ?? [];
    const again: Again = () => this.#store.follower(id, key);
    const follower = await again();
    const reply = follower === undefined ? undefined : await work(follower, again);
    return reply ?? this.#refuse(request, 'this key opens nothing');
  }

  /** Of the caller's own role, which only its key says. */
  async #files(follower: Known, again: Again, url: URL, response: ServerResponse): Promise<Reply | undefined> {
    await this.#store.seen(follower, Date.now());
    const have = url.searchParams.get('have') ?? '';
    const known = url.searchParams.get('call');
    const until = Date.now() + Math.min(LONGEST_WAIT, Math.max(0, Number(url.searchParams.get('wait') ?? '0') || 0)) * 1000;
    for (let call: Call = 'published'; ; ) {
      const files = await this.#store.files(follower.role);
      const last = await this.#store.lastCall();
      const notified = call === 'notified' || (known !== null && known !== last);
      const headers: Record<string, string> = { [CALL_HEADER]: last, ...(notified ? { [NOTIFIED_HEADER]: '1' } : {}) };
      if (files !== undefined && (files.hash !== have || notified)) {
        return { code: 200, body: files.text, headers: { ...headers, [HASH_HEADER]: files.hash } };
      }
      const left = until - Date.now();
      if (left <= 0 || call === 'over') return { code: 304, headers };
      call = await this.#wait(left, response);
      if ((await again()) === undefined) return undefined;
    }
  }

  async #report(follower: Known, request: IncomingMessage): Promise<Reply> {
    const report = await bodyOf<Report>(request, Report);
    if (report === undefined) return said(400, 'this is no report');
    await this.#store.report(follower, report, Date.now());
    return { code: 204 };
  }

  async #notify(request: IncomingMessage, url: URL): Promise<Reply> {
    if (!(await this.#store.isAdmin(url.searchParams.get('auth') ?? ''))) return this.#refuse(request, 'this key opens nothing');
    const followers = await this.#store.count();
    await this.#store.call();
    this.#wake('notified');
    return { code: 200, body: JSON.stringify({ followers }) };
  }

  #wait(milliseconds: number, response: ServerResponse): Promise<Call> {
    return new Promise((resolve) => {
      const end = (call: Call): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        response.off('close', over);
        resolve(call);
      };
      const over = (): void => end('over');
      const timer = setTimeout(over, milliseconds);
      response.once('close', over);
      this.#waiting.add(end);
    });
  }

  #wake(call: Call): void {
    for (const end of [...this.#waiting]) end(call);
  }

  /** Only whoever is refused waits: a good key is let in whatever others do, behind the same router too. */
  #refuse({ socket }: IncomingMessage, why: string): Reply {
    const minute = Math.floor(Date.now() / 60_000);
    if (this.#refused.minute !== minute) this.#refused = { minute, counts: new Map() };
    const address = socket.remoteAddress ?? '';
    const count = (this.#refused.counts.get(address) ?? 0) + 1;
    this.#refused.counts.set(address, count);
    return count > PATIENCE ? said(429, 'too many attempts: try again in a minute') : said(401, why);
  }
}

function takenOf(error: unknown): Taken {
  if (error instanceof Taken) return error;
  throw error;
}

function said(code: number, error: string): Reply {
  return { code, body: JSON.stringify({ error }) };
}

/** Undefined for what is too large, no JSON, does not fit, or breaks off. */
async function bodyOf<T>(request: IncomingMessage, schema: object): Promise<T | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LARGEST) return undefined;
      chunks.push(chunk);
    }
    const data = JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
    return validateBy(schema, data).length === 0 ? (data as T) : undefined;
  } catch {
    return undefined;
  }
}
