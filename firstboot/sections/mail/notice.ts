/** A notice of the unit itself to whoever looks after it, by the unit's own Postfix: sendmail(1). */
import type { System } from '../../kit/system.ts';
import { type Message, sourceOf } from './message.ts';
import type { Mail } from './schema.ts';

/** Postfix keeps it in root's mailbox where no other address is given. */
const ROOT = 'root@localhost';
/** Machines are not to answer it, as with "on holiday until" (RFC 3834). */
const NO_ANSWERS = { 'auto-submitted': 'auto-generated' };

/** From whom all mail of this unit comes. @throws ProgramError where Postfix does not take it */
export async function sendNotice(system: System, mail: Mail, words: Pick<Message, 'subject' | 'text'>): Promise<void> {
  const { noticesTo: to = ROOT, senderAddress: address = ROOT, senderName } = mail;
  const from = { address, ...(senderName === undefined ? {} : { name: senderName }) };
  const input = (await sourceOf({ from, to, ...words }, NO_ANSWERS)).toString();
  await system.run('sendmail', ['-i', '-f', address, '--', to], { input, timeout: 60 });
}
