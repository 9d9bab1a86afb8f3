/** What JSON Schema cannot say about answers: one function a rule, over answers with defaults filled in. */

import { isIP } from 'node:net';
import type { EveryText } from '../contract/texts.ts';
import { type KeyFault, keyFault } from '../sections/administrator/ssh-key.ts';
import { NETWORK_MISSING, networkViolations } from '../sections/network/rules.ts';
import type { Settings } from './answers.ts';
import { pointerOf } from './pointer.ts';
import { RULE_TEXTS } from './rule-texts.ts';
import type { RuleViolation } from './words.ts';

/** Keywords of the rules that find something missing, not something wrong. */
export const MISSING = {
  credential: 'unattended-needs-credential',
  mail: 'mail-is-whole',
  network: NETWORK_MISSING,
  certificate: 'certificate-is-whole',
  sshPassword: 'ssh-password-log-in',
  forProduct: 'product-requires',
} as const;

/** The schema's pattern, in short. */
const KEY_LINE = /^\S+ [A-Za-z0-9+/]+=*( |$)/;

type Rule = (settings: Partial<Settings>) => RuleViolation[];

/** Without the setup page nobody could set a credential later: the owner would be locked out. */
const unattendedNeedsCredential: Rule = ({ unattended, administrator }) => {
  if (unattended !== true) return [];
  if (administrator?.password !== undefined || (administrator?.sshKeys ?? []).length > 0) return [];
  return [
    {
      path: '/administrator',
      keyword: MISSING.credential,
      message: 'unattended set-up needs a password or an SSH key of the administrator',
      suggestion: 'Give administrator.password or administrator.sshKeys, or leave out unattended.',
      texts: RULE_TEXTS.credential,
    },
  ];
};

/**
 * Users and groups that every unit has before its owner comes (Debian's base-passwd, and packages of every unit). A new
 * account would get a group of its own name, and the rights of one that is there. The unit itself refuses the product's.
 */
const RESERVED = new Set(
  [
    'root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc _apt nobody',
    'adm tty disk kmem dialout fax voice cdrom floppy tape sudo audio dip operator src shadow utmp video sasl plugdev staff users',
    'nogroup input sgx kvm render crontab netdev messagebus polkitd sshd _ssh tss uuidd syslog postgres rabbitmq memcache',
  ].flatMap((names) => names.split(' ')),
);

const loginIsFree: Rule = ({ administrator }) =>
  RESERVED.has(administrator?.login ?? '') || administrator?.login?.startsWith('systemd-') === true
    ? [
        {
          path: '/administrator/login',
          keyword: 'login-is-free',
          message: 'administrator.login is an account that the system uses itself',
          suggestion: 'Choose another name, such as admin.',
          texts: RULE_TEXTS.loginReserved,
        },
      ]
    : [];

const FAULTS: Readonly<Record<KeyFault, readonly [string, string, EveryText]>> = {
  damaged: ['is no whole SSH public key', 'Copy the whole line of the .pub file.', RULE_TEXTS.keyDamaged],
  'other-algorithm': ['names another algorithm than it is of', 'Copy the whole line of the .pub file.', RULE_TEXTS.keyOtherAlgorithm],
  short: ['is an RSA key of less than 2048 bits', 'Make a new one: ssh-keygen -t ed25519', RULE_TEXTS.keyShort],
};

const keysAreWhole: Rule = ({ administrator }) =>
  (administrator?.sshKeys ?? []).flatMap((line, index) => {
    // What does not even look like a key is the schema's to say.
    const fault = KEY_LINE.test(line) ? keyFault(line) : undefined;
    if (fault === undefined) return [];
    const [message, suggestion, texts] = FAULTS[fault];
    return [
      {
        path: `/administrator/sshKeys/${index}`,
        keyword: 'ssh-key',
        message: `administrator.sshKeys[${index}] ${message}`,
        suggestion,
        texts,
      },
    ];
  });

const sshPasswordIsThere: Rule = ({ administrator }) =>
  administrator?.sshPasswordLogin === true && administrator.password === undefined
    ? [
        {
          path: '/administrator',
          keyword: MISSING.sshPassword,
          message: '"password" is missing in administrator: SSH is to take it',
          suggestion: 'Add administrator.password, or leave out administrator.sshPasswordLogin.',
          texts: RULE_TEXTS.sshPassword,
          lacks: 'password',
        },
      ]
    : [];

const zoneExists: Rule = ({ time }) => {
  const zone = time?.zone;
  if (typeof zone !== 'string' || knowsZone(zone)) return [];
  return [
    {
      path: '/time/zone',
      keyword: 'zone-exists',
      message: 'time.zone is not a time zone of the tz database',
      suggestion: 'Give a name such as Europe/Berlin or Asia/Tokyo; timedatectl list-timezones lists them.',
      texts: RULE_TEXTS.zoneUnknown,
    },
  ];
};

function knowsZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const mailIsWhole: Rule = ({ mail }) => {
  const missing = (member: 'host' | 'senderAddress' | 'user' | 'password', why: string, texts: EveryText): RuleViolation => ({
    path: '/mail',
    keyword: MISSING.mail,
    message: `"${member}" is missing in mail: ${why}`,
    suggestion: `Add mail.${member}.`,
    texts,
    lacks: member,
  });
  const mode = mail?.mode ?? 'none';
  return [
    ...(mode === 'relay' && mail?.host === undefined ? [missing('host', 'mail goes by a relay', RULE_TEXTS.mailHost)] : []),
    ...(mode !== 'none' && mail?.senderAddress === undefined ? [missing('senderAddress', 'mail is sent', RULE_TEXTS.mailSender)] : []),
    // The password may be one that is kept from before.
    ...(mode === 'relay' && mail?.password !== undefined && mail.user === undefined
      ? [
          {
            ...missing('user', 'a password is given', RULE_TEXTS.mailUser),
            suggestion: 'Add mail.user; a kept password goes by `unitctl settings unset mail.password`.',
          },
        ]
      : []),
    ...(mode === 'relay' && mail?.user !== undefined && mail.password === undefined
      ? [missing('password', 'a user is given', RULE_TEXTS.mailPassword)]
      : []),
  ];
};

const networkIsRight: Rule = ({ network }) => (network === undefined ? [] : networkViolations(network));

/** A certificate that names an address is rare, and Postfix never matches one (smtp_tls_secure_cert_match in postconf(5)). */
const mailServerHasName: Rule = ({ mail }) =>
  mail?.mode === 'relay' && mail.security !== 'none' && mail.host !== undefined && isIP(mail.host) !== 0
    ? [
        {
          path: '/mail/host',
          keyword: 'mail-server-has-name',
          message: 'mail.host is an address: encryption needs the name that the server has in its certificate',
          suggestion: 'Give its name, or set mail.security to none.',
          texts: RULE_TEXTS.mailServerAddress,
        },
      ]
    : [];

const certificateIsWhole: Rule = ({ certificate, domain }) => {
  const missing = (name: string, why: string, texts: EveryText): RuleViolation => {
    const members = name.split('.');
    return {
      path: pointerOf(members.slice(0, -1)),
      keyword: MISSING.certificate,
      message: `"${name}" is missing: ${why}`,
      suggestion: `Add ${name}.`,
      texts,
      lacks: members.at(-1) ?? name,
    };
  };
  const { mode, pem, file, acme = {} } = certificate ?? {};
  if (mode === 'upload' && pem === undefined && file === undefined)
    return [missing('certificate.pem', 'a certificate of yours is to be used', RULE_TEXTS.certificateUpload)];
  if (mode !== 'acme') return [];
  const wanted = (member: keyof typeof acme, why: string, texts: EveryText): RuleViolation[] =>
    acme[member] === undefined || acme[member] === false ? [missing(`certificate.acme.${member}`, why, texts)] : [];
  return [
    ...(domain?.name === undefined ? [missing('domain.name', 'an authority certifies names', RULE_TEXTS.acmeDomain)] : []),
    ...wanted('email', 'the account with the authority has one', RULE_TEXTS.acmeEmail),
    ...wanted('agreeToTerms', 'the authority wants its terms of service to be agreed to', RULE_TEXTS.acmeTerms),
    ...(acme.challenge === 'dns-01' ? wanted('dnsProvider', 'dns-01 makes a record there', RULE_TEXTS.acmeProvider) : []),
    ...(acme.challenge === 'dns-01' ? wanted('dnsCredentials', 'dns-01 makes a record at the provider', RULE_TEXTS.acmeCredentials) : []),
    ...(acme.eabHmacKey === undefined ? [] : wanted('eabKeyId', 'certificate.acme.eabHmacKey is given', RULE_TEXTS.acmeKeyId)),
    ...(acme.eabKeyId === undefined ? [] : wanted('eabHmacKey', 'certificate.acme.eabKeyId is given', RULE_TEXTS.acmeHmacKey)),
  ];
};

/** Providers of lego that run programs or ask whoever sits at the terminal. */
const NO_PROVIDERS = new Set(['exec', 'manual']);

const providerIsOne: Rule = ({ certificate }) =>
  NO_PROVIDERS.has(certificate?.acme?.dnsProvider ?? '')
    ? [
        {
          path: '/certificate/acme/dnsProvider',
          keyword: 'provider-is-one',
          message: 'certificate.acme.dnsProvider is no DNS provider',
          suggestion: 'Give the code of a provider, such as cloudflare or rfc2136.',
          texts: RULE_TEXTS.providerUnknown,
        },
      ]
    : [];

export const RULES: readonly Rule[] = [
  unattendedNeedsCredential,
  loginIsFree,
  keysAreWhole,
  sshPasswordIsThere,
  zoneExists,
  networkIsRight,
  mailIsWhole,
  mailServerHasName,
  certificateIsWhole,
  providerIsOne,
];
