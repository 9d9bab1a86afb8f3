/** Postfix's configuration for the mail settings: postconf(5), generic(5), virtual(5), header_checks(5). Pure. */
import { encodeWord } from 'nodemailer/lib/mime-funcs';

import type { Mail } from './schema.ts';

/** What Postfix is told, beside the settings of the section. */
export interface MailSetup extends Mail {
  /** What the unit calls itself to other servers; its host name where absent. */
  name?: string;
}

/** A file that this section owns, below /etc/postfix. */
export interface PostfixFile {
  path: string;
  text: string;
  mode: number;
}

export const MAIN = '/etc/postfix/main.cf';
/** `server user:password`: the SMTP client opens it before it gives up root (smtp_sasl_password_maps in postconf(5)). */
export const PASSWORD_FILE = '/etc/postfix/unit-password';
const SENDER_FILE = '/etc/postfix/unit-sender';
const SENDER_NAME_FILE = '/etc/postfix/unit-sender-name';
const RECIPIENTS_FILE = '/etc/postfix/unit-recipients';
/** The system's certification authorities, those of the owner among them (update-ca-certificates(8)). */
export const CA_FILE = '/etc/ssl/certs/ca-certificates.crt';

/** All files for sending, `main.cf` last: whoever reads it finds what it names. Only `PASSWORD_FILE` holds a secret. */
export function postfixFiles(mail: MailSetup): PostfixFile[] {
  const file = (path: string, lines: readonly string[], mode = 0o644): PostfixFile => ({ path, mode, text: `${lines.join('\n')}\n` });
  const { senderAddress = '', senderName, noticesTo, user, password } = mail;
  // Who is local has no address outside: the owner's stands for all, in envelopes and headers.
  const from = senderName === undefined ? senderAddress : `${phrase(senderName)} <${senderAddress}>`;
  const recipients = noticesTo === undefined ? [] : ['root', 'postmaster', 'mailer-daemon'].map((name) => `${name} ${noticesTo}`);
  return [
    ...(user === undefined ? [] : [file(PASSWORD_FILE, [`${nextHop(mail)} ${user}:${password ?? ''}`], 0o600)]),
    file(SENDER_FILE, [`@localhost ${senderAddress}`]),
    // In the replacement of a regexp table `$` begins a substitution.
    file(SENDER_NAME_FILE, [`/^From:.*@localhost\\b/ REPLACE From: ${from.replaceAll('$', '$$$$')}`]),
    file(RECIPIENTS_FILE, recipients),
    file(MAIN, mainLines(mail)),
  ];
}

/** `[host]:port`: without the brackets Postfix would look for the MX of the host. */
function nextHop({ host = '', port }: Mail): string {
  return `[${host}]:${port ?? 587}`;
}

function mainLines(mail: MailSetup): string[] {
  return [
    '# Written by unitctl from the settings below `mail`: a change made here is gone with its next run.',
    'compatibility_level = 3.6',
    ...(mail.name === undefined ? [] : [`myhostname = ${mail.name}`]),
    '',
    '# Sends only: it hears nobody but this machine, and takes no mail for the name that it has outside.',
    'inet_interfaces = loopback-only',
    'mynetworks = 127.0.0.0/8 [::1]/128',
    'smtpd_relay_restrictions = permit_mynetworks, reject',
    'myorigin = localhost',
    'mydestination = localhost',
    'append_dot_mydomain = no',
    'alias_maps =',
    'alias_database =',
    'biff = no',
    `virtual_alias_maps = texthash:${RECIPIENTS_FILE}`,
    `smtp_generic_maps = texthash:${SENDER_FILE}`,
    `smtp_header_checks = regexp:${SENDER_NAME_FILE}`,
    '',
    ...(mail.mode === 'relay' ? relayLines(mail) : ['# To the receiving servers themselves, encrypted where they can be.', 'relayhost =']),
    `smtp_tls_security_level = ${tlsLevel(mail)}`,
    `smtp_tls_CAfile = ${CA_FILE}`,
    '# Names of hosts(5) count too, as they do for every other program.',
    'smtp_host_lookup = native',
  ];
}

function relayLines(mail: MailSetup): string[] {
  return [
    `relayhost = ${nextHop(mail)}`,
    // The certificate must be for the very name that the owner gave.
    'smtp_tls_secure_cert_match = nexthop',
    ...(mail.security === 'tls' ? ['smtp_tls_wrappermode = yes'] : []),
    ...(mail.user === undefined
      ? []
      : [
          'smtp_sasl_auth_enable = yes',
          `smtp_sasl_password_maps = texthash:${PASSWORD_FILE}`,
          // By default a password is not sent in the clear, TLS or not; whether there is TLS was the owner's choice.
          'smtp_sasl_security_options = noanonymous',
        ]),
  ];
}

function tlsLevel({ mode, security }: Mail): string {
  if (mode !== 'relay') return 'may';
  return security === 'none' ? 'none' : 'secure';
}

/** A display name for a header: as it is where it is plain, else as an encoded word (RFC 2047), which holds no special character. */
function phrase(name: string): string {
  return /^[A-Za-z0-9 ]+$/.test(name) ? name : encodeWord(name, 'B', 52);
}
