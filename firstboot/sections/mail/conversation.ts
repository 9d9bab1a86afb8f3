/** One message to one server by SMTP (RFC 5321), with every line of the conversation and how it failed, if it did. */
import SMTPConnection from 'nodemailer/lib/smtp-connection';

import { Scrubber } from '../../kit/scrubber.ts';
import { type Message, sourceOf } from './message.ts';

export interface Route {
  host: string;
  port: number;
  /** `opportunistic`: encrypted where it is offered, whatever the certificate, as mail servers do among each other. */
  security: 'none' | 'starttls' | 'tls' | 'opportunistic';
  user?: string;
  password?: string;
  /** PEM of the certification authorities to trust. */
  authorities: string;
}

/** What stopped a conversation, by nodemailer's codes. */
export interface Failure {
  /** nodemailer's code: EDNS, ESOCKET, ETIMEDOUT, ETLS, EAUTH, EENVELOPE... */
  code: string;
  /** Of the system or of TLS: ECONNREFUSED, ERR_TLS_CERT_ALTNAME_INVALID... */
  cause?: string;
  /** CONNECT_TIMEOUT, GREETING_TIMEOUT... */
  timeout?: string;
  /** The SMTP command that was answered so: `RCPT TO`, `AUTH PLAIN`... */
  command?: string;
  /** The server's own words, with its reply code. */
  response?: string;
  /** Reply code (RFC 5321, 4.2.1) and enhanced status code (RFC 3463). */
  reply?: number;
  status?: string;
  message: string;
}

export interface Conversation {
  failure?: Failure;
  /** What was said, `>` by us and `<` by the server; credentials blanked. */
  log: string[];
}

/** Milliseconds. */
export interface Limits {
  /** Until the session is set up, TLS and all. */
  connect: number;
  /** Of these, for the greeting. */
  greeting: number;
  silence: number;
}

export const LIMITS: Limits = { connect: 20_000, greeting: 10_000, silence: 20_000 };

type SmtpError = Error & {
  code?: string;
  originalCode?: string;
  timeoutType?: string;
  command?: string;
  response?: string;
  responseCode?: number;
};

/** Never throws for what the server does or leaves out. */
export async function converse(route: Route, message: Message, limits: Limits = LIMITS): Promise<Conversation> {
  const log: string[] = [];
  const scrub = blanker(route);
  const say = (mark: string, text: string): void => {
    for (const line of text.split(/\r?\n/)) log.push(scrub(`${mark} ${line}`));
  };
  const logger = {
    debug: ({ tnx }: { tnx?: string }, text: string): void => {
      if (tnx === 'client' || tnx === 'server') say(tnx === 'client' ? '>' : '<', text);
    },
    trace: ignore,
    info: ignore,
    warn: ignore,
    error: ignore,
    fatal: ignore,
  };
  say('*', `${route.host}, port ${route.port}`);
  const connection = new SMTPConnection({
    host: route.host,
    port: route.port,
    secure: route.security === 'tls',
    requireTLS: route.security === 'starttls',
    ignoreTLS: route.security === 'none',
    opportunisticTLS: route.security === 'opportunistic',
    tls: { ca: route.authorities, rejectUnauthorized: route.security !== 'opportunistic' },
    connectionTimeout: limits.connect,
    greetingTimeout: limits.greeting,
    socketTimeout: limits.silence,
    dnsTimeout: limits.connect,
    // A unit's relay may well be on the unit.
    allowInternalNetworkInterfaces: true,
    transactionLog: true,
    logger,
  });
  try {
    await talk(connection, route, message);
    return { log };
  } catch (error) {
    const failure = failureOf(error as SmtpError, scrub);
    say('*', failure.message);
    return { failure, log };
  } finally {
    connection.close();
  }
}

async function talk(connection: SMTPConnection, { user, password }: Route, message: Message): Promise<void> {
  // Errors between two steps come as an event only.
  const broken = new Promise<never>((_resolve, reject) => connection.on('error', reject));
  const step = (work: (done: (error?: Error | null) => void) => void): Promise<unknown> =>
    Promise.race([broken, new Promise<void>((resolve, reject) => work((error) => (error ? reject(error) : resolve())))]);
  await step((done) => connection.connect(done));
  if (user !== undefined)
    await step((done) => connection.login({ user, pass: password ?? '', credentials: { user, pass: password ?? '' } }, done));
  const source = await sourceOf(message);
  await step((done) => connection.send({ from: message.from.address, to: [message.to] }, source, done));
  connection.quit();
}

function failureOf(error: SmtpError, scrub: (text: string) => string): Failure {
  const { code = 'ESOCKET', originalCode, timeoutType, command, response, responseCode } = error;
  const status = response === undefined ? undefined : /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  return {
    code,
    message: scrub(error.message),
    ...(originalCode === undefined ? {} : { cause: originalCode }),
    ...(timeoutType === undefined ? {} : { timeout: timeoutType }),
    ...(command === undefined ? {} : { command }),
    ...(response === undefined ? {} : { response: scrub(response) }),
    ...(responseCode === undefined ? {} : { reply: responseCode }),
    ...(status === undefined ? {} : { status }),
  };
}

/** A server may say credentials back, in the forms in which they are sent (RFC 4616, and LOGIN's base64). */
function blanker({ user = '', password = '' }: Route): (text: string) => string {
  const scrubber = new Scrubber();
  for (const secret of [password, `\0${user}\0${password}`, Buffer.from(password).toString('base64')]) scrubber.register(secret);
  return (text) => {
    const clean = scrubber.scrub(text);
    // The scrubber leaves short ones; here they are known to be no word of ours.
    return password === '' || !clean.startsWith('<') ? clean : clean.replaceAll(password, '********');
  };
}

function ignore(): void {
  // Only what is said on the wire is of interest.
}
