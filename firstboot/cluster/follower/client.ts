/** Questions to the leader. It is known by its certificate's fingerprint alone: no secret is sent before that was seen. */
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

import { MAX_BUNDLE } from '../../contract/cluster.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';

export interface LeaderPlace {
  /** Tried in order. */
  addresses: readonly string[];
  port: number;
  fingerprint: string;
}

export interface Question {
  method: 'GET' | 'POST';
  path: string;
  /** `Bearer` value. */
  key?: string;
  body?: object;
  /** Seconds for all of it. */
  timeout: number;
  signal: AbortSignal;
}

export interface Answer {
  code: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
}

const CONNECT_SECONDS = 10;

/** @throws UnitError where no address answers, or another server does */
export async function ask(leader: LeaderPlace, question: Question): Promise<Answer> {
  const failures: string[] = [];
  for (const address of leader.addresses) {
    question.signal.throwIfAborted();
    const socket = await reach(address, leader, question.signal).catch((error: Error) => {
      failures.push(`${address}: ${error.message}`);
      return undefined;
    });
    if (socket !== undefined) return send(socket, question);
  }
  throw new UnitError(`the leader cannot be reached (${failures.join('; ')})`, {
    exitCode: ExitCode.step,
    remedies: [`It must be on and finished, and its port ${leader.port} must let this unit in.`],
  });
}

function reach(host: string, { port, fingerprint }: LeaderPlace, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // Authorities are not asked, the fingerprint is: the leader's certificate is its own.
    const socket = connect({ host, port, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) });
    const end = (error?: Error): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (error === undefined) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(error);
    };
    const abort = (): void => end(new Error('interrupted'));
    const timer = setTimeout(() => end(new Error('no answer')), CONNECT_SECONDS * 1000);
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', end);
    socket.once('secureConnect', () => {
      const seen = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase();
      end(seen === fingerprint ? undefined : new Error('it has another certificate than the join code says'));
    });
  });
}

function send(socket: TLSSocket, { method, path, key, body, timeout, signal }: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = httpsRequest({
      createConnection: () => socket,
      method,
      path,
      signal,
      headers: {
        host: 'leader',
        connection: 'close',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
    });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new UnitError(`the leader did not answer: ${error.message}`, { exitCode: ExitCode.step, cause: error }));
    };
    const timer = setTimeout(() => fail(new Error('it took too long')), timeout * 1000);
    request.once('error', fail);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BUNDLE) return fail(new Error('the answer is too large'));
        chunks.push(chunk);
      });
      response.once('error', fail);
      response.once('end', () => {
        clearTimeout(timer);
        socket.destroy();
        resolve({ code: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') });
      });
    });
    request.end(text);
  });
}
