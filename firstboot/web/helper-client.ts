/** Asks the root helper: one connection a request, lines of JSON (contract/helper.ts). */
import { connect } from 'node:net';

import type { ApplyEvent } from '../contract/events.ts';
import type { HelperAction, HelperAnswers, HelperMessage, HelperParameters } from '../contract/helper.ts';
import { type EveryText, textIn } from '../contract/texts.ts';

/** The helper said no, in words for the owner. */
export class HelperError extends Error {
  override readonly name = 'HelperError';
  readonly remedies: readonly string[];
  readonly texts: EveryText | undefined;

  constructor({ message, remedies, texts }: { message: string; remedies: readonly string[]; texts?: EveryText }) {
    super(message);
    this.remedies = remedies;
    this.texts = texts;
  }
}

/** As templates show it: in the owner's language, or as it came, in English. */
export function saidBy({ message, remedies, texts }: HelperError, language: string): object {
  return texts === undefined ? { said: message, remedies } : { text: textIn(texts, language) };
}

/** The helper could not be asked, or went away before it had answered. */
export class HelperGone extends Error {
  override readonly name = 'HelperGone';
}

export interface CallOptions {
  onEvent?: (event: ApplyEvent) => void;
  signal?: AbortSignal;
}

export interface Helper {
  /** @throws HelperError, HelperGone */
  call<A extends HelperAction>(action: A, parameters: HelperParameters<A>, options?: CallOptions): Promise<HelperAnswers[A]>;
}

/** Seconds of silence after which an action is given up. A run is silent for as long as a step says nothing. */
const PATIENCE: Partial<Record<HelperAction, number>> = { check: 300, follow: 0 };
const USUAL_PATIENCE = 60;
/** Characters of one line: settings with a few files in them. */
const LONGEST_LINE = 16 * 1024 * 1024;

export function helperAt(socketPath: string): Helper {
  return { call: (action, parameters, options = {}) => ask(socketPath, action, parameters, options) };
}

async function ask<A extends HelperAction>(
  socketPath: string,
  action: A,
  parameters: HelperParameters<A>,
  options: CallOptions,
): Promise<HelperAnswers[A]> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let rest = '';
    const fail = (error: Error): void => {
      reject(error);
      socket.destroy();
    };
    options.signal?.addEventListener('abort', () => fail(new HelperGone('not waited for any longer')), { once: true });
    socket.setEncoding('utf8');
    socket.setTimeout((PATIENCE[action] ?? USUAL_PATIENCE) * 1000, () => fail(new HelperGone(`the helper did not answer to ${action}`)));
    socket.on('error', (error) => fail(new HelperGone(`the helper cannot be reached: ${error.message}`)));
    socket.on('close', () => fail(new HelperGone(`the helper went away during ${action}`)));
    socket.on('connect', () => socket.write(`${JSON.stringify({ ...parameters, action })}\n`));
    socket.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST_LINE) fail(new HelperGone('the helper said too much'));
      try {
        for (const line of lines) take(JSON.parse(line) as HelperMessage);
      } catch (error) {
        fail(error as Error);
      }
    });
    const take = (message: HelperMessage): void => {
      if (message.type === 'event') options.onEvent?.(message.event);
      else if (message.type === 'error') fail(new HelperError(message));
      else {
        resolve(message.data as HelperAnswers[A]);
        socket.destroy();
      }
    };
  });
}
