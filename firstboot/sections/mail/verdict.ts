/** What a failed SMTP conversation means, in plain words, and what to do about it. */
import type { CheckFinding } from '../../contract/helper.ts';
import type { EveryText } from '../../contract/texts.ts';
import type { Failure, Route } from './conversation.ts';
import type { Message } from './message.ts';
import { type Cause, WORDS } from './verdict-words.ts';

/** By codes alone: of the system, of TLS, of SMTP. texts differ from server to server. */
export function causeOf(failure: Failure): Cause {
  const { reply } = failure;
  if (failure.command === 'STARTTLS') return 'no-tls';
  return reply === undefined ? connectionCause(failure) : replyCause(failure, reply);
}

/** What kept the server from answering. */
function connectionCause({ code, cause = '', timeout }: Failure): Cause {
  if (code === 'EDNS') return 'name-not-found';
  if (timeout === 'GREETING_TIMEOUT') return 'no-greeting';
  if (code === 'ETIMEDOUT') return 'timeout';
  if (code === 'EAUTH') return 'login-not-offered';
  return CAUSES[cause] ?? (code === 'ETLS' || cause.startsWith('ERR_SSL') || cause === 'EPROTO' ? 'tls-broken' : 'broken-off');
}

/** Replies of RFC 5321 (4.2.3) and RFC 4954 (6), and the classes of RFC 3463 (3). */
function replyCause({ code, command, status = '' }: Failure, reply: number): Cause {
  if (code === 'EAUTH') {
    if (reply === 535 || reply === 534 || reply === 550) return 'login-refused';
    return reply < 500 ? 'later' : 'login-not-offered';
  }
  if (reply === 530) return 'login-needed';
  if (reply < 500) return 'later';
  if (command === 'MAIL FROM') return 'sender-refused';
  if (command === 'RCPT TO') return /^5\.[12]\./.test(status) ? 'recipient-unknown' : 'relaying-denied';
  return command === 'DATA' ? 'message-refused' : 'broken-off';
}

const CAUSES: Readonly<Record<string, Cause>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ERR_TLS_CERT_ALTNAME_INVALID: 'name-mismatch',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'untrusted',
  CERT_UNTRUSTED: 'untrusted',
  CERT_SIGNATURE_FAILURE: 'untrusted',
  CERT_REVOKED: 'untrusted',
  INVALID_CA: 'untrusted',
  ERR_SSL_WRONG_VERSION_NUMBER: 'speaks-no-tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'speaks-no-tls',
};

/** The finding for the owner. The server's own words stand in it where it said any. */
export function explain(failure: Failure, route: Route, message: Message): CheckFinding {
  const cause = causeOf(failure);
  // Over an encrypted port that is spoken to in the clear both sides wait for the other.
  const known = cause === 'no-greeting' && route.port === 465 ? 'speaks-tls' : cause;
  const fields: Record<string, string> = {
    host: route.host,
    port: String(route.port),
    user: route.user ?? '',
    sender: message.from.address,
    recipient: message.to,
    said: failure.response ?? failure.message,
  };
  const [found, remedy] = WORDS[known];
  return { severity: known === 'later' ? 'warning' : 'error', message: fill(found, fields), remedy: fill(remedy, fields) };
}

function fill(texts: EveryText, fields: Readonly<Record<string, string>>): EveryText {
  const one = (text: string): string => text.replace(/\{(\w+)\}/g, (_whole, name: string) => fields[name] ?? '');
  return { en: one(texts.en), ja: one(texts.ja ?? texts.en), ru: one(texts.ru ?? texts.en) };
}
