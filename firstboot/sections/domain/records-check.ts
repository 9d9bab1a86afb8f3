/** The table of DNS records: wanted, found, from which server, verdict; and lines for a zone file. */
import type { CheckFinding, CheckReport } from '../../contract/helper.ts';
import type { EveryText } from '../../contract/texts.ts';
import type { SectionCheck } from '../check.ts';
import { readLinks } from '../network/links.ts';
import { applicable } from './applicable.ts';
import { type Examined, examineDns, type Verdict, verdictOn } from './examine.ts';
import { zoneLines } from './records.ts';

export const dnsRecords: SectionCheck = {
  section: 'domain',
  name: 'records',
  timeout: 40,
  async run({ system, unit, settings }): Promise<CheckReport> {
    const { name: domain } = settings.domain;
    if (domain === undefined) return { findings: [NO_DOMAIN] };
    const addresses = (await readLinks(system)).flatMap((link) => link.addresses.map(({ address }) => address));
    return dnsReport(await examineDns(applicable(unit, settings), domain, addresses));
  },
};

/**
 * Verdicts in the table's cells are marks, for cells are not translated: `✓` right, `!` leads elsewhere, `✗` wrong or missing,
 * `?` could not be asked. The log has the lines for a zone file. Data: `blocks`, whether Apply would refuse.
 */
export function dnsReport(examined: readonly Examined[]): CheckReport {
  const bad = examined.filter(({ verdict }) => verdict !== 'right');
  return {
    findings: bad.length === 0 ? [ALL_RIGHT] : bad.map(findingOf),
    table: {
      columns: [
        { en: 'Name', ja: '名前', ru: 'Имя' },
        { en: 'Type', ja: '種類', ru: 'Тип' },
        { en: 'Wanted', ja: '必要な値', ru: 'Нужно' },
        { en: 'Found', ja: '見つかった値', ru: 'Найдено' },
        { en: 'Server', ja: 'サーバー', ru: 'Сервер' },
        { en: 'Verdict', ja: '判定', ru: 'Итог' },
      ],
      rows: examined.flatMap(({ record, answers }) =>
        answers.map((answer) => [
          record.name,
          record.type,
          record.values.join(', '),
          answer.why ?? answer.found.join(', '),
          answer.server,
          answer.sure ? MARKS[verdictOn(record, answer)] : '?',
        ]),
      ),
    },
    log: examined.flatMap(({ record }) => zoneLines(record)),
    data: { blocks: examined.some(({ blocks }) => blocks) },
  };
}

const MARKS = { right: '✓', elsewhere: '!', wrong: '✗', missing: '✗' } as const;

function findingOf({ record: { name, type }, verdict, blocks }: Examined): CheckFinding {
  const { message, remedy } = words(verdict, `${name} ${type}`);
  const mild = verdict === 'cached' || verdict === 'elsewhere';
  return { severity: blocks ? 'error' : mild ? 'info' : 'warning', message, remedy };
}

function words(verdict: Verdict, record: string): { message: EveryText; remedy: EveryText } {
  switch (verdict) {
    case 'missing':
      return {
        message: { en: `There is no record ${record}.`, ja: `レコード ${record} がありません。`, ru: `Записи ${record} нет.` },
        remedy: ADD,
      };
    case 'wrong':
      return {
        message: {
          en: `The record ${record} says something else.`,
          ja: `レコード ${record} の値が異なります。`,
          ru: `Запись ${record} содержит другое.`,
        },
        remedy: ADD,
      };
    case 'elsewhere':
      return {
        message: {
          en: `The record ${record} leads to another address than this unit's own.`,
          ja: `レコード ${record} はこのユニット以外のアドレスを指しています。`,
          ru: `Запись ${record} ведёт не на адрес этого узла.`,
        },
        remedy: {
          en: 'That is right where a router or load balancer at that address passes requests on to this unit. Else mend the record.',
          ja: 'そのアドレスのルーターやロードバランサーがこのユニットに転送する場合は正しい設定です。そうでなければレコードを直してください。',
          ru: 'Это верно, если маршрутизатор или балансировщик по тому адресу передаёт запросы этому узлу. Иначе исправьте запись.',
        },
      };
    case 'cached':
      return {
        message: {
          en: `The record ${record} is right at the domain's own servers, but not everywhere yet.`,
          ja: `レコード ${record} はドメインのサーバーでは正しいですが、まだ全体に行き渡っていません。`,
          ru: `Запись ${record} верна на серверах домена, но ещё не разошлась.`,
        },
        remedy: {
          en: 'Wait: older answers are kept until their time to live is over.',
          ja: 'お待ちください。古い応答は有効期限まで残ります。',
          ru: 'Подождите: старые ответы хранятся, пока не истечёт их срок.',
        },
      };
    default:
      return {
        message: {
          en: `No name server could be asked for ${record}.`,
          ja: `${record} を問い合わせできるネームサーバーがありません。`,
          ru: `Ни у одного сервера имён не удалось спросить ${record}.`,
        },
        remedy: {
          en: 'Look at the name servers of the network. In a closed network, make sure that its own DNS has the record.',
          ja: 'ネットワークの DNS サーバーを確認してください。閉じたネットワークでは、その DNS にレコードを登録してください。',
          ru: 'Проверьте серверы имён сети. В закрытой сети убедитесь, что запись есть в её собственной DNS.',
        },
      };
  }
}

const ADD: EveryText = {
  en: "Add the record at the domain's provider: the lines below can be copied. It may take a while to be seen.",
  ja: 'ドメインの事業者でレコードを追加してください。下の行をコピーできます。反映に時間がかかることがあります。',
  ru: 'Добавьте запись у провайдера домена: строки ниже можно скопировать. Она может появиться не сразу.',
};

const ALL_RIGHT: CheckFinding = {
  severity: 'ok',
  message: { en: 'All DNS records are right.', ja: 'すべての DNS レコードが正しく設定されています。', ru: 'Все записи DNS верны.' },
};

const NO_DOMAIN: CheckFinding = {
  severity: 'info',
  message: {
    en: 'No domain is given: the unit is reached by its address, and needs no DNS records.',
    ja: 'ドメインが指定されていません。ユニットにはアドレスでアクセスするため、DNS レコードは不要です。',
    ru: 'Домен не задан: узел открывают по адресу, записи DNS не нужны.',
  },
};
