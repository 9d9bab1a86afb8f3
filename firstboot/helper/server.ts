/**
 * The helper's socket: one request a connection, a line of JSON, bounded in size and time. The socket's mode says who may
 * connect; what is asked passes a schema; nothing but the named actions can be done. Ends itself when nobody asks any more.
 */
import { createServer, type Server, type Socket } from 'node:net';

import { HELPER_REQUESTS, type HelperAction, type HelperMessage } from '../contract/helper.ts';
import { SETUP_PATHS } from '../contract/setup.ts';
import type { EveryText } from '../contract/texts.ts';
import { ExitCode, ProgramError, UnitError } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';
import { validateBy } from '../settings/index.ts';
import { Claims } from '../setup/claim.ts';
import { exists, setupIsOpen } from '../setup/state.ts';
import type { Action, ActionContext } from './action.ts';
import { ACTIONS, ANYBODYS } from './actions.ts';

export interface HelperOptions {
  /** A listening socket that systemd has handed over (sd_listen_fds(3)), or a path of this machine. */
  listen: { fd: number } | { path: string };
  /** Seconds without a connection after which the helper ends. */
  idle: number;
  /** About requests that fail by a fault of ours; for the journal. */
  note(line: string): void;
}

/** An answers file with a logo and a licence, and what JSON adds to it. */
const MAX_REQUEST = 8 * 1024 * 1024;
const REQUEST_SECONDS = 30;
const MAX_CONNECTIONS = 256;

/** Serves until there is nothing to do for a while, or until the process is told to end. */
export async function serve(system: System, options: HelperOptions): Promise<void> {
  const claims = new Claims(system);
  let timer: NodeJS.Timeout | undefined;
  let connections = 0;
  const server = createServer({ allowHalfOpen: true });
  // What connects while this ends is served to its end, or by the next helper: the socket itself stays systemd's.
  const rest = (): void => {
    timer = setTimeout(() => server.close(), options.idle * 1000);
  };
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket) => {
    connections += 1;
    clearTimeout(timer);
    socket.once('close', () => {
      connections -= 1;
      if (connections === 0) rest();
    });
    // The other end may go away at any time.
    socket.on('error', () => socket.destroy());
    void handle(socket, system, claims, options.note);
  });
  const ended = new Promise<void>((resolve, reject) => {
    server.once('close', resolve);
    server.once('error', reject);
  });
  const stop = (): void => void server.close();
  system.signal.addEventListener('abort', stop, { once: true });
  listen(server, options.listen);
  rest();
  try {
    await ended;
  } finally {
    clearTimeout(timer);
    system.signal.removeEventListener('abort', stop);
  }
}

function listen(server: Server, place: HelperOptions['listen']): void {
  server.listen('fd' in place ? { fd: place.fd } : { path: place.path });
}

async function handle(socket: Socket, system: System, claims: Claims, note: (line: string) => void): Promise<void> {
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, system.signal]);
  const send = (message: HelperMessage): Promise<void> => write(socket, message);
  try {
    const line = await readLine(socket, signal);
    if (line === undefined) return;
    const context: ActionContext = { system, claims, signal, emit: (event) => send({ type: 'event', event }) };
    await send({ type: 'result', data: await answer(line, context) });
  } catch (error) {
    if (!gone.signal.aborted) await send(failure(error, system, note)).catch(() => undefined);
  } finally {
    socket.end();
  }
}

/** @throws UnitError for what is no request, or not allowed now */
async function answer(line: string, context: ActionContext): Promise<unknown> {
  const { action, ...parameters } = parse(line);
  if (typeof action !== 'string' || !Object.hasOwn(HELPER_REQUESTS, action)) throw refusal('there is no such action');
  const name = action as HelperAction;
  const [violation] = validateBy(HELPER_REQUESTS[name], parameters);
  if (violation !== undefined) throw refusal(`${name}: ${violation.path === '' ? '' : `${violation.path}: `}${violation.message}`);
  if (!ANYBODYS.includes(name)) {
    if (!(await setupIsOpen(context.system))) throw refusal('setup of this unit is closed', CLOSED);
    // The page asks who is there; a page that forgets to does not get further than a stranger.
    if (!(await exists(context.system, SETUP_PATHS.claimed))) throw refusal('nobody has entered the code yet', UNCLAIMED);
  }
  return (ACTIONS[name] as Action<HelperAction>)(parameters as never, context);
}

function parse(line: string): Record<string, unknown> {
  try {
    const data = JSON.parse(line) as unknown;
    if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as Record<string, unknown>;
  } catch {
    // Not shown: it may hold a secret.
  }
  throw refusal('the request is no JSON object');
}

const CLOSED: EveryText = {
  en: 'Setup of this unit is closed.',
  ja: 'このユニットの設定画面は閉じられています。',
  ru: 'Настройка этого узла закрыта.',
};
const UNCLAIMED: EveryText = {
  en: 'Nobody has entered the code of the console yet.',
  ja: 'コンソールのコードがまだ入力されていません。',
  ru: 'Код с консоли ещё никто не ввёл.',
};
const INTERNAL: EveryText = {
  en: 'The unit made a mistake. Its journal says more: journalctl -u unit-helper',
  ja: 'ユニットの内部エラーです。詳しくはジャーナルをご覧ください: journalctl -u unit-helper',
  ru: 'Внутренняя ошибка узла. Подробнее в его журнале: journalctl -u unit-helper',
};

function refusal(message: string, texts?: EveryText): UnitError {
  return new UnitError(message, { exitCode: ExitCode.usage, ...(texts === undefined ? {} : { texts }) });
}

function failure(error: unknown, system: System, note: (line: string) => void): HelperMessage {
  const clean = (text: string): string => system.scrubber.scrub(text);
  if (error instanceof UnitError) {
    const problems = error.problems.map(({ message, suggestion }) => (suggestion === undefined ? message : `${message}. ${suggestion}`));
    const message = problems.length === 0 ? error.message : `${error.message}: ${problems.join('; ')}`;
    return {
      type: 'error',
      message: clean(message),
      remedies: error.remedies.map(clean),
      ...(error.texts === undefined ? {} : { texts: system.scrubber.scrubEach(error.texts) }),
    };
  }
  if (error instanceof ProgramError) return { type: 'error', message: clean(error.message), remedies: [] };
  note(clean(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  return {
    type: 'error',
    message: 'internal error',
    remedies: ['The journal of this unit has it: journalctl -u unit-helper'],
    texts: INTERNAL,
  };
}

/** The first line; undefined where the other end goes away before. @throws UnitError for one that is too long or too slow */
function readLine(socket: Socket, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => end(() => reject(refusal('the request did not come in time'))), REQUEST_SECONDS * 1000);
    const end = (finish: () => void): void => {
      clearTimeout(timer);
      socket.off('data', take);
      // What else comes is not ours to keep.
      socket.resume();
      finish();
    };
    const take = (chunk: Buffer): void => {
      const stop = chunk.indexOf('\n');
      chunks.push(stop < 0 ? chunk : chunk.subarray(0, stop));
      size += chunk.length;
      if (size > MAX_REQUEST) end(() => reject(refusal('the request is too large')));
      else if (stop >= 0) end(() => resolve(Buffer.concat(chunks).toString('utf8')));
    };
    socket.on('data', take);
    socket.once('end', () => end(() => resolve(undefined)));
    signal.addEventListener('abort', () => end(() => resolve(undefined)), { once: true });
  });
}

/** Returns when the other end has taken it, or there is room for more. */
function write(socket: Socket, message: HelperMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
