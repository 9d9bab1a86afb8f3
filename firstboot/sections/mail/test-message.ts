/** A real message, sent with the settings as they are kept: before Apply there is no mail server on the unit to send it. */
import { promises as dns, type MxRecord } from 'node:dns';

import type { CheckReport } from '../../contract/helper.ts';
import type { EveryText } from '../../contract/texts.ts';
import { readIfExists } from '../../kit/files.ts';
import type { CheckContext, SectionCheck } from '../check.ts';
import { type Conversation, converse, LIMITS, type Limits, type Route } from './conversation.ts';
import type { Message } from './message.ts';
import { CA_FILE } from './postfix-files.ts';
import type { Mail } from './schema.ts';
import { explain } from './verdict.ts';

/** What stands between this check and the world: tests bring others. */
export interface Outside {
  resolveMx(domain: string): Promise<MxRecord[]>;
  /** Port of receiving servers. */
  port: number;
  limits: Limits;
}

const WORLD: Outside = { resolveMx: (domain) => dns.resolveMx(domain), port: 25, limits: LIMITS };
/** Of a domain's servers: whoever has more has them all behind the same name. */
const MOST_SERVERS = 2;
/** One address; RFC 5321 has more, which nobody sends a test to. */
const ADDRESS = /^[^\s<>(),;:"@\u0000-\u001f\u007f]+@([^\s<>(),;:"@\u0000-\u001f\u007f]+)$/;

export function mailTest(outside: Outside = WORLD): SectionCheck {
  return { section: 'mail', name: 'test', timeout: 90, run: (context) => run(context, outside) };
}

async function run({ system, unit, settings, parameters }: CheckContext, outside: Outside): Promise<CheckReport> {
  const { mail } = settings;
  if (mail.mode === undefined || mail.mode === 'none') return one('info', OFF);
  const { senderAddress, senderName, noticesTo } = mail;
  const asked = parameters['recipient'];
  const recipient = typeof asked === 'string' && asked.trim() !== '' ? asked.trim() : (noticesTo ?? senderAddress ?? '');
  const domain = ADDRESS.exec(recipient)?.[1];
  if (domain === undefined) return one('error', NO_RECIPIENT);
  if (senderAddress === undefined || (mail.mode === 'relay' && mail.host === undefined)) return one('error', INCOMPLETE);
  const message: Message = {
    from: { address: senderAddress, ...(senderName === undefined ? {} : { name: senderName }) },
    to: recipient,
    subject: `${unit.title.en}: test`,
    text: `${unit.title.en} ${unit.version}\n\nMail from this unit arrives.\nこのユニットからのメールは届いています。\nПочта этого узла доходит.\n`,
  };
  const authorities = (await readIfExists(system.path(CA_FILE))) ?? '';
  if (mail.mode === 'relay') return report(await send([relayRoute(mail, authorities)], message, outside.limits), message);
  const servers = await receivers(domain, outside);
  if (servers.length === 0) return one('error', fill(NO_RECEIVER, domain));
  const routes = servers.map((host): Route => ({ host, port: outside.port, security: 'opportunistic', authorities }));
  return report(await send(routes, message, outside.limits), message);
}

function relayRoute({ host = '', port = 587, security = 'starttls', user, password }: Mail, authorities: string): Route {
  return { host, port, security, authorities, ...(user === undefined ? {} : { user, password: password ?? '' }) };
}

/** RFC 5321, 5.1: the domain's MX, lowest number first, else the domain itself. None where it takes no mail (RFC 7505). */
async function receivers(domain: string, { resolveMx }: Outside): Promise<string[]> {
  const records = await resolveMx(domain).catch((error: NodeJS.ErrnoException): MxRecord[] => {
    // Whatever else the name server may have: the domain itself is asked next, and says what is wrong with it.
    if (error.code !== undefined) return [];
    throw error;
  });
  if (records.length === 0) return [domain];
  return records
    .filter(({ exchange }) => exchange !== '' && exchange !== '.')
    .sort((a, b) => a.priority - b.priority)
    .slice(0, MOST_SERVERS)
    .map(({ exchange }) => exchange);
}

type Sent = Conversation & { route: Route };

/** By the first route that works; a server that answers and says no is not gone around. */
async function send(routes: readonly Route[], message: Message, limits: Limits): Promise<Sent> {
  const log: string[] = [];
  let last: Sent | undefined;
  for (const route of routes) {
    const conversation = await converse(route, message, limits);
    log.push(...conversation.log);
    last = { ...conversation, route, log };
    if (conversation.failure === undefined || conversation.failure.reply !== undefined) break;
  }
  if (last === undefined) throw new Error('there is no route to send by');
  return last;
}

function report({ failure, route, log }: Sent, message: Message): CheckReport {
  if (failure !== undefined) return { findings: [explain(failure, route, message)], log };
  const { to } = message;
  return {
    findings: [
      {
        severity: 'ok',
        message: {
          en: `${route.host} took the test message for ${to}.`,
          ja: `${route.host} が ${to} 宛てのテストメッセージを受け付けました。`,
          ru: `${route.host} принял проверочное письмо для ${to}.`,
        },
        remedy: {
          en: 'Look whether it arrived, and not among the junk.',
          ja: '届いているか、迷惑メールに入っていないか確認してください。',
          ru: 'Проверьте, что оно дошло и не попало в спам.',
        },
      },
    ],
    log,
  };
}

function one(severity: 'info' | 'error', message: EveryText): CheckReport {
  return { findings: [{ severity, message }] };
}

function fill({ en, ja = en, ru = en }: EveryText, domain: string): EveryText {
  return { en: en.replace('{domain}', domain), ja: ja.replace('{domain}', domain), ru: ru.replace('{domain}', domain) };
}

const OFF: EveryText = {
  en: 'Mail is switched off: there is nothing to test.',
  ja: 'メール送信は無効です。テストするものがありません。',
  ru: 'Почта выключена: проверять нечего.',
};
const NO_RECIPIENT: EveryText = {
  en: 'Give the address that the test message is to go to.',
  ja: 'テストメッセージの宛先アドレスを入力してください。',
  ru: 'Укажите адрес для проверочного письма.',
};
const INCOMPLETE: EveryText = {
  en: 'Server or sender address is missing.',
  ja: 'サーバーまたは差出人アドレスがありません。',
  ru: 'Не указан сервер или адрес отправителя.',
};
const NO_RECEIVER: EveryText = {
  en: 'The domain {domain} takes no mail.',
  ja: 'ドメイン {domain} はメールを受け付けません。',
  ru: 'Домен {domain} не принимает почту.',
};
