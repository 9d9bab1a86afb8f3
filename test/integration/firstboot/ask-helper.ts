/** The setup page's side of the helper's socket, as small as it can be. */
import { connect } from 'node:net';

import type { HelperAction, HelperAnswers, HelperMessage, HelperParameters } from '../../../firstboot/contract/helper.ts';

/** Sends bytes as they are and returns every message until the helper hangs up. */
export function sendRaw(socket: string, text: string | Buffer, onMessage?: (message: HelperMessage) => void): Promise<HelperMessage[]> {
  return new Promise((resolve, reject) => {
    const messages: HelperMessage[] = [];
    let rest = '';
    const connection = connect(socket);
    connection.setEncoding('utf8');
    connection.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const message = JSON.parse(line) as HelperMessage;
        messages.push(message);
        onMessage?.(message);
      }
    });
    connection.on('error', reject);
    connection.on('close', () => resolve(messages));
    connection.write(text);
  });
}

/** The answer of an action. @throws Error with the helper's message where it refuses */
export async function ask<A extends HelperAction>(
  socket: string,
  action: A,
  parameters: HelperParameters<A>,
  onMessage?: (message: HelperMessage) => void,
): Promise<HelperAnswers[A]> {
  const last = (await sendRaw(socket, `${JSON.stringify({ action, ...parameters })}\n`, onMessage)).at(-1);
  if (last?.type === 'result') return last.data as HelperAnswers[A];
  throw new Error(last?.type === 'error' ? last.message : 'the helper hung up');
}
