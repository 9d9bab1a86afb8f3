/** How far the clock is off: against the browser's, and against each time server. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import type { CheckFinding, CheckReport } from '../../contract/helper.ts';
import type { EveryText } from '../../contract/texts.ts';
import { ProgramError } from '../../kit/errors.ts';
import type { System } from '../../kit/system.ts';
import type { CheckContext, SectionCheck } from '../check.ts';
import { keeperOf } from './keeper.ts';
import { querySntp, type SntpAnswer } from './sntp.ts';

/** Seconds that pass unremarked; tickets, one-time passwords and certificates made elsewhere bear as much. */
const NEAR = 5;
/** Seconds from which log-ins and certificates begin to fail. */
const FAR = 60;
/** Milliseconds that a name or an answer may take. */
const PATIENCE = 3000;

/** Parameter `browserTime`: milliseconds since 1970 by the browser's clock, when it asked. */
export const clockSkew: SectionCheck = {
  section: 'time',
  name: 'skew',
  timeout: 20,
  async run({ system, settings, parameters }: CheckContext): Promise<CheckReport> {
    const arrived = Date.now();
    const servers = await askServers(system, settings.time.ntp ?? []);
    const browser = parameters['browserTime'];
    return skewReport(servers, typeof browser === 'number' && Number.isFinite(browser) ? (arrived - browser) / 1000 : undefined);
  },
};

/** @param ahead seconds by which this clock is ahead of the browser's; undefined where that is not known */
export function skewReport(servers: readonly ServerAnswer[], ahead: number | undefined): CheckReport {
  return {
    findings: [...(ahead === undefined ? [] : [browserFinding(ahead)]), serversFinding(servers)],
    table: {
      columns: [
        { en: 'Time server', ja: 'タイムサーバー', ru: 'Сервер времени' },
        { en: 'This unit is ahead by (s)', ja: 'このユニットの進み (秒)', ru: 'Узел спешит на (с)' },
        { en: 'Answer', ja: '応答', ru: 'Ответ' },
      ],
      rows: servers.map(({ server, answer, why }) => [
        server,
        answer === undefined ? '' : (-answer.offset / 1000).toFixed(3),
        answer === undefined ? (why ?? '') : answerWords(answer),
      ]),
    },
    ...(ahead === undefined ? {} : { data: { browserSkew: ahead } }),
  };
}

function browserFinding(ahead: number): CheckFinding {
  const by = Math.abs(ahead).toFixed(0);
  if (Math.abs(ahead) <= NEAR) {
    return {
      severity: 'ok',
      message: {
        en: "The unit's clock agrees with this browser's.",
        ja: 'ユニットの時計はこのブラウザーの時計と合っています。',
        ru: 'Часы узла совпадают с часами этого браузера.',
      },
    };
  }
  return {
    severity: Math.abs(ahead) >= FAR ? 'warning' : 'info',
    message:
      ahead > 0
        ? {
            en: `The unit's clock is ${by} s ahead of this browser's.`,
            ja: `ユニットの時計はこのブラウザーの時計より ${by} 秒進んでいます。`,
            ru: `Часы узла спешат на ${by} с относительно часов этого браузера.`,
          }
        : {
            en: `The unit's clock is ${by} s behind this browser's.`,
            ja: `ユニットの時計はこのブラウザーの時計より ${by} 秒遅れています。`,
            ru: `Часы узла отстают на ${by} с от часов этого браузера.`,
          },
    remedy: {
      en: 'One of the two is wrong: set the clock of the hypervisor, or give a time server that answers.',
      ja: 'どちらかが間違っています。ハイパーバイザーの時計を合わせるか、応答するタイムサーバーを指定してください。',
      ru: 'Одни из них неверны: выставьте часы гипервизора или укажите сервер времени, который отвечает.',
    },
  };
}

function serversFinding(servers: readonly ServerAnswer[]): CheckFinding {
  const answers = servers.flatMap(({ answer }) => answer ?? []);
  if (answers.length === 0) {
    return {
      severity: 'warning',
      message: {
        en: 'No time server answers: the clock follows the hypervisor alone.',
        ja: '応答するタイムサーバーがありません。時計はハイパーバイザーだけに従います。',
        ru: 'Ни один сервер времени не отвечает: часы идут только по гипервизору.',
      },
      remedy: {
        en: 'Give a time server of your own network, and let UDP port 123 out to it.',
        ja: '自分のネットワークのタイムサーバーを指定し、そこへの UDP ポート 123 を許可してください。',
        ru: 'Укажите сервер времени своей сети и разрешите к нему UDP-порт 123.',
      },
    };
  }
  const worst = Math.max(...answers.map(({ offset }) => Math.abs(offset))) / 1000;
  if (worst <= NEAR) {
    return {
      severity: 'ok',
      message: {
        en: `The clock is right by the ${answers.length} of ${servers.length} time servers that answer.`,
        ja: `応答した ${servers.length} 台中 ${answers.length} 台のタイムサーバーと時計が合っています。`,
        ru: `Часы верны по ответившим серверам времени: ${answers.length} из ${servers.length}.`,
      },
    };
  }
  return {
    severity: 'warning',
    message: {
      en: `The clock is off by up to ${worst.toFixed(0)} s by the time servers.`,
      ja: `タイムサーバーとのずれは最大 ${worst.toFixed(0)} 秒です。`,
      ru: `По серверам времени часы неверны, до ${worst.toFixed(0)} с.`,
    },
    remedy: {
      en: 'It is set when the unit follows these servers; a large step may take some minutes. One server that disagrees with the others is wrong itself.',
      ja: 'これらのサーバーに従うようになると合わせられます(大きなずれは数分かかることがあります)。1 台だけ異なる場合はそのサーバーが間違っています。',
      ru: 'Часы подстроятся по этим серверам; большая поправка может занять несколько минут. Если расходится лишь один сервер, неверен он сам.',
    },
  };
}

export interface ServerAnswer {
  server: string;
  answer?: SntpAnswer;
  /** Why there is none, in a few words. */
  why?: EveryText;
}

function answerWords({ stratum, delay }: SntpAnswer): EveryText {
  const time = delay.toFixed(0);
  return { en: `stratum ${stratum}, ${time} ms`, ja: `階層 ${stratum}、${time} ミリ秒`, ru: `уровень ${stratum}, ${time} мс` };
}

const NO_NAME: EveryText = { en: 'its name is not found', ja: '名前が見つかりません', ru: 'имя не найдено' };
const NO_NAME_IN_TIME: EveryText = {
  en: 'its name is not found in time',
  ja: '時間内に名前が見つかりませんでした',
  ru: 'имя не найдено вовремя',
};
const REFUSED: EveryText = { en: 'nobody answers there', ja: '応答するものがありません', ru: 'там никто не отвечает' };
const NO_ANSWER: EveryText = {
  en: 'no usable answer in time',
  ja: '時間内に有効な応答がありませんでした',
  ru: 'нет пригодного ответа вовремя',
};

function whyNot(error: unknown): EveryText {
  if (error instanceof LateName) return NO_NAME_IN_TIME;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return NO_NAME;
  return code === 'ECONNREFUSED' ? REFUSED : NO_ANSWER;
}

class LateName extends Error {
  override readonly name = 'LateName';
}

/** Asks every server that the settings name, else those in use, all at once. */
export async function askServers(system: System, named: readonly string[]): Promise<ServerAnswer[]> {
  const servers = named.length > 0 ? named : await serversInUse(system);
  return Promise.all(
    servers.map(async (server): Promise<ServerAnswer> => {
      try {
        return { server, answer: await querySntp(await addressOf(server), { timeout: PATIENCE }) };
      } catch (error) {
        return { server, why: whyNot(error) };
      }
    }),
  );
}

async function addressOf(server: string): Promise<string> {
  if (isIP(server) !== 0) return server;
  const late = new Promise<never>((_resolve, reject) => setTimeout(() => reject(new LateName()), PATIENCE).unref());
  return (await Promise.race([lookup(server), late])).address;
}

/** At most four, as pools have. */
async function serversInUse(system: System): Promise<string[]> {
  try {
    return (await (await keeperOf(system)).inUse(system)).slice(0, 4);
  } catch (error) {
    if (error instanceof ProgramError) return [];
    throw error;
  }
}
