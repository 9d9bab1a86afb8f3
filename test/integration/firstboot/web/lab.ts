/** The setup page on loopback, over real TLS, with a fake helper behind it; and a small browser without scripts. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits } from '../../../../firstboot/kit/bounded.ts';
import { type App, createApp } from '../../../../firstboot/web/app.ts';
import { helperAt } from '../../../../firstboot/web/helper-client.ts';
import { Servers } from '../../../../firstboot/web/servers.ts';
import { Sessions } from '../../../../firstboot/web/session.ts';
import { onceARun } from '../../../helpers/once.ts';
import { FakeHelper, type FakeUnit } from './fake-helper.ts';

export interface Lab {
  helper: FakeHelper;
  app: App;
  folder: string;
  http: number;
  https: number;
  later: number;
  /** What went to the journal. */
  log: string[];
  /** Ends the page's process and starts another one, on the same state. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface LabOptions extends Partial<FakeUnit> {
  limits?: Limits;
  /** Without a port to move to. */
  stays?: boolean;
}

const HERE = { host: '127.0.0.1', port: 0 };

/** A self-signed certificate, made once a run. @returns its folder, with cert.pem and key.pem */
export async function certificate(): Promise<string> {
  return onceARun('setup-certificate', (folder) => {
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=unit'];
    execFileSync('openssl', ['req', '-x509', ...kind, ...files], { stdio: 'ignore' });
  });
}

export async function openLab({ limits, stays, ...unit }: LabOptions = {}): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'setup-'));
  const files = await certificate();
  const tls = { cert: readFileSync(join(files, 'cert.pem'), 'utf8'), key: readFileSync(join(files, 'key.pem'), 'utf8') };
  const helper = new FakeHelper(unit);
  const socket = join(folder, 'helper.sock');
  await helper.listen(socket);
  const log: string[] = [];
  const start = async (ports: { http: number; https: number; later: number }): Promise<{ app: App; servers: Servers }> => {
    const app = await createApp({
      helper: helperAt(socket),
      sessions: new Sessions(folder),
      lib: folder,
      laterPort: () => servers.port('https-later'),
      log: (line) => log.push(line),
    });
    const at = (port: number): { host: string; port: number }[] => [{ ...HERE, port }];
    const sockets = { http: at(ports.http), https: at(ports.https), 'https-later': stays ? [] : at(ports.later) };
    const names = (): Promise<string[]> => app.site.statuses.names();
    const servers = new Servers({ sockets, tls, listener: app.listener, names, ...(limits === undefined ? {} : { limits }) });
    await servers.listen();
    return { app, servers };
  };
  let running = await start({ http: 0, https: 0, later: 0 });
  const port = (name: 'http' | 'https' | 'https-later'): number => running.servers.port(name) ?? 0;
  const ports = { http: port('http'), https: port('https'), later: port('https-later') };
  return {
    helper,
    folder,
    log,
    ...ports,
    get app() {
      return running.app;
    },
    async restart() {
      await running.servers.close();
      await running.app.close();
      running = await start(ports);
    },
    async close() {
      await running.servers.close();
      await running.app.close();
      await helper.close();
    },
  };
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface AskOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  port?: number;
  plain?: boolean;
}

/** Cookies, redirects and forms, as a browser has them where scripts are off. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  readonly lab: Lab;
  port: number;
  readonly #agent = new Agent({ rejectUnauthorized: false, keepAlive: false });

  constructor(lab: Lab) {
    this.lab = lab;
    this.port = lab.https;
  }

  async ask(path: string, { method = 'GET', headers = {}, body, port = this.port, plain = false }: AskOptions = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await new Promise<Answer>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        path,
        method,
        agent: plain ? undefined : this.#agent,
        headers: { host: `127.0.0.1:${port}`, ...(cookie === '' ? {} : { cookie }), ...headers },
      };
      const sent = (plain ? httpRequest : request)(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
        );
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    return answer;
  }

  /** With redirects followed. */
  async open(path: string): Promise<Answer> {
    let answer = await this.ask(path);
    for (let count = 0; answer.status === 303 && count < 10; count += 1) answer = await this.ask(answer.headers.location ?? '/');
    return answer;
  }

  async post(path: string, fields: readonly [string, string][], options: AskOptions = {}): Promise<Answer> {
    const body = new URLSearchParams([...fields].map(([name, value]): [string, string] => [name, value])).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(Buffer.byteLength(body)) };
    return this.ask(path, { method: 'POST', body, ...options, headers: { ...headers, ...options.headers } });
  }

  async claim(code = this.lab.helper.unit.code): Promise<Answer> {
    return this.post('/claim', [['code', code]]);
  }

  /** Posts a page's form with the values that it shows, changed by `changes`; `act` presses a button. */
  async submit(path: string, changes: Record<string, string | string[]> = {}, act = 'save'): Promise<Answer> {
    const page = await this.open(path);
    return this.post(path.replace(/[?#].*/, ''), [...Object.entries({ ...fieldsOf(page.body), ...changes, act }).flatMap(pairs)]);
  }

  async postMultipart(path: string, parts: readonly { name: string; value: string | Buffer; file?: string }[]): Promise<Answer> {
    const boundary = 'x'.repeat(30);
    const body = Buffer.concat([
      ...parts.flatMap(({ name, value, file }) => [
        Buffer.from(
          `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${file === undefined ? '' : `; filename="${file}"`}\r\n${
            file === undefined ? '' : 'content-type: application/octet-stream\r\n'
          }\r\n`,
        ),
        Buffer.from(value),
        Buffer.from('\r\n'),
      ]),
      Buffer.from(`--${boundary}--\r\n`),
    ]);
    return this.ask(path, { method: 'POST', body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } });
  }
}

function pairs([name, value]: [string, string | string[]]): [string, string][] {
  return [value].flat().map((each) => [name, each]);
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#x60': '`', '#x3D': '=' };

export function unescapeHtml(text: string): string {
  return text.replace(/&(#?\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}

/** What a browser would post of a page's inputs, but for buttons. */
export function fieldsOf(html: string): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  const add = (name: string | undefined, value: string): void => {
    if (name !== undefined) fields[unescapeHtml(name)] = [...(fields[unescapeHtml(name)] ?? []), unescapeHtml(value)];
  };
  for (const [tag] of html.matchAll(/<input\b[^>]*>/g)) {
    const attribute = (name: string): string | undefined => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
    const type = attribute('type');
    if (type === 'file' || ((type === 'radio' || type === 'checkbox') && !/\schecked\b/.test(tag))) continue;
    add(attribute('name'), attribute('value') ?? '');
  }
  for (const [, name, value = ''] of html.matchAll(/<textarea\b[^>]*\sname="([^"]*)"[^>]*>\n?([^<]*)<\/textarea>/g)) add(name, value);
  for (const [, name, options = ''] of html.matchAll(/<select\b[^>]*\sname="([^"]*)"[^>]*>([\s\S]*?)<\/select>/g)) {
    add(name, /<option value="([^"]*)" selected>/.exec(options)?.[1] ?? /<option value="([^"]*)"/.exec(options)?.[1] ?? '');
  }
  return fields;
}
