/** The leader's server: followers join, wait for files and report; whoever has the admin key calls them all. */
import { watch } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { FILES_PATH, HASH_HEADER, JoinRequest, LONGEST_WAIT, NOTIFIED_HEADER, Report } from '../../contract/cluster.ts';
import { validateBy } from '../../settings/index.ts';
import type { Known, Store } from './store.ts';

const LARGEST = 16 * 1024;

/** Failed attempts to get in, of all strangers together, in a minute: secrets of 256 bits need no more, logs do. */
const PATIENCE = 600;

interface Reply {
  code: number;
  body?: string;
  headers?: Record<string, string>;
}

/** Why a waiting follower is woken. */
type Call = 'published' | 'notified' | 'over';

export class ClusterApp {
  readonly #store: Store;
  readonly #log: (line: string) => void;
  readonly #waiting = new Set<(call: Call) => void>();
  #refused = { minute: 0, count: 0 };

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
    const url = new URL(request.url ?? '/', 'https://leader');
    switch (`${request.method ?? ''} ${url.pathname}`) {
      case 'POST /v1/join':
        return this.#join(request);
      case `GET ${FILES_PATH}`:
        return this.#withFollower(request, (follower) => this.#files(follower, url, response));
      case 'POST /v1/report':
        return this.#withFollower(request, (follower) => this.#report(follower, request));
      case 'POST /admin/notify':
        return this.#notify(url);
      default:
        return said(404, 'there is nothing here');
    }
  }

  async #join(request: IncomingMessage): Promise<Reply> {
    if (this.#isTired()) return said(429, 'too many attempts: try again in a minute');
    const body = await bodyOf<JoinRequest>(request, JoinRequest);
    const joined = body === undefined ? undefined : await this.#store.join(body, Date.now());
    if (joined === undefined) return this.#refuse('this join code is unknown, over or used');
    this.#log(`follower ${joined.id} joined as ${joined.role}`);
    return { code: 200, body: JSON.stringify(joined) };
  }

  async #withFollower(request: IncomingMessage, work: (follower: Known) => Promise<Reply>): Promise<Reply> {
    if (this.#isTired()) return said(429, 'too many attempts: try again in a minute');
    const [, id = '', key = ''] = /^Bearer ([0-9a-f]{16})\.([0-9a-f]{64})$/.exec(request.headers.authorization ?? '') ?? [];
    const follower = await this.#store.follower(id, key);
    return follower === undefined ? this.#refuse('this key opens nothing') : work(follower);
  }

  /** Of the caller's own role, which only its key says. */
  async #files(follower: Known, url: URL, response: ServerResponse): Promise<Reply> {
    await this.#store.seen(follower, Date.now());
    const have = url.searchParams.get('have') ?? '';
    const until = Date.now() + Math.min(LONGEST_WAIT, Math.max(0, Number(url.searchParams.get('wait') ?? '0') || 0)) * 1000;
    for (let call: Call = 'published'; ; ) {
      const files = await this.#store.files(follower.role);
      if (files !== undefined && (files.hash !== have || call === 'notified')) {
        const notified: Record<string, string> = call === 'notified' ? { [NOTIFIED_HEADER]: '1' } : {};
        return { code: 200, body: files.text, headers: { [HASH_HEADER]: files.hash, ...notified } };
      }
      const left = until - Date.now();
      if (left <= 0 || call === 'over') return { code: 304 };
      call = await this.#wait(left, response);
    }
  }

  async #report(follower: Known, request: IncomingMessage): Promise<Reply> {
    const report = await bodyOf<Report>(request, Report);
    if (report === undefined) return said(400, 'this is no report');
    await this.#store.report(follower, report, Date.now());
    return { code: 204 };
  }

  async #notify(url: URL): Promise<Reply> {
    if (this.#isTired()) return said(429, 'too many attempts: try again in a minute');
    if (!(await this.#store.isAdmin(url.searchParams.get('auth') ?? ''))) return this.#refuse('this key opens nothing');
    const followers = await this.#store.count();
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

  #refuse(why: string): Reply {
    this.#refused.count += 1;
    return said(401, why);
  }

  #isTired(): boolean {
    const minute = Math.floor(Date.now() / 60_000);
    if (this.#refused.minute !== minute) this.#refused = { minute, count: 0 };
    return this.#refused.count >= PATIENCE;
  }
}

function said(code: number, error: string): Reply {
  return { code, body: JSON.stringify({ error }) };
}

/** Undefined for what is too large, no JSON, or does not fit. */
async function bodyOf<T>(request: IncomingMessage, schema: object): Promise<T | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST) return undefined;
    chunks.push(chunk);
  }
  try {
    const data = JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
    return validateBy(schema, data).length === 0 ? (data as T) : undefined;
  } catch {
    return undefined;
  }
}
