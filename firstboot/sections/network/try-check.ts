/** The page's way to try the network that is kept as settings. */
import type { CheckFinding, CheckReport } from '../../contract/helper.ts';
import { ANSWERS_VERSION, validateAnswers } from '../../settings/index.ts';
import type { SectionCheck } from '../check.ts';
import { canonical, parseCidr } from './addresses.ts';
import { networkWanted } from './interfaces.ts';
import { findLink, readLinks } from './links.ts';
import { confirmTry, TRY_SECONDS, tryNetwork } from './try.ts';

/**
 * Parameter `port`: the one of the page, 443 where absent. The report's data: `seconds` to confirm in; `handoverPath`, with the
 * one-time token, for whatever address the unit will have; `handoverUrl` where that address is known already. The network
 * changes a few seconds after the answer.
 */
export const networkTry: SectionCheck = {
  section: 'network',
  name: 'try',
  timeout: 60,
  async run({ system, settings, parameters }): Promise<CheckReport> {
    const violations = validateAnswers({ schemaVersion: ANSWERS_VERSION, network: settings.network }, undefined);
    if (violations.length > 0) {
      // What the schema finds stands beside each setting.
      const found = violations.flatMap(({ texts }): CheckFinding[] => (texts === undefined ? [] : [{ severity: 'error', message: texts }]));
      return { findings: [NOT_RIGHT, ...found] };
    }
    const wanted = networkWanted(settings.network);
    if (wanted.interfaces.length === 0) return { findings: [NOTHING] };
    const links = await readLinks(system);
    for (const { interface: selector } of wanted.interfaces) {
      try {
        findLink(links, selector);
      } catch {
        return { findings: [noInterface(selector, links.map(({ name, mac }) => `${name} (${mac ?? '-'})`).join(', '))] };
      }
    }
    const { token } = await tryNetwork(system, wanted);
    const handoverPath = `/handover?token=${token}`;
    const [address] = wanted.interfaces.flatMap(({ addresses = [] }) => addresses.flatMap((text) => parseCidr(text)?.address ?? []));
    const handoverUrl = address === undefined ? undefined : `https://${hostOf(address)}${portOf(parameters['port'])}${handoverPath}`;
    return {
      findings: [handoverUrl === undefined ? BEGINS_DHCP : BEGINS],
      data: { seconds: TRY_SECONDS, handoverPath, ...(handoverUrl === undefined ? {} : { handoverUrl }) },
    };
  },
};

/**
 * The other end of a try: parameter `token` out of the link that was opened at the new address. The report's data:
 * `confirmed`.
 */
export const networkConfirm: SectionCheck = {
  section: 'network',
  name: 'confirm',
  timeout: 60,
  async run({ system, parameters: { token } }): Promise<CheckReport> {
    const confirmed = typeof token === 'string' && (await confirmTry(system, token, () => {}));
    return { findings: [], data: { confirmed } };
  },
};

/** As a URL has it (RFC 3986, 3.2.2). */
function hostOf(address: string): string {
  return address.includes(':') ? `[${canonical(address)}]` : address;
}

function portOf(port: unknown): string {
  return typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536 && port !== 443 ? `:${port}` : '';
}

const BEGINS: CheckFinding = {
  severity: 'info',
  message: {
    en: 'The network changes in a few seconds. Open the link to the new address within two minutes, else it goes back by itself.',
    ja: '数秒後にネットワークが切り替わります。2 分以内に新しいアドレスのリンクを開いてください。開かなければ自動的に元に戻ります。',
    ru: 'Сеть сменится через несколько секунд. Откройте ссылку с новым адресом в течение двух минут, иначе всё вернётся само.',
  },
};

const BEGINS_DHCP: CheckFinding = {
  severity: 'info',
  message: {
    en: "The network changes in a few seconds. The new address stands on the unit's console: open this page there, with the link's end, within two minutes, else it goes back by itself.",
    ja: '数秒後にネットワークが切り替わります。新しいアドレスはコンソールに表示されます。2 分以内にそのアドレスでリンクの末尾を開いてください。開かなければ自動的に元に戻ります。',
    ru: 'Сеть сменится через несколько секунд. Новый адрес покажет консоль узла: откройте по нему конец ссылки в течение двух минут, иначе всё вернётся само.',
  },
};

const NOTHING: CheckFinding = {
  severity: 'info',
  message: {
    en: 'There is nothing to try: the interfaces stay as they are.',
    ja: '試す内容がありません。インターフェースは現状のままです。',
    ru: 'Проверять нечего: интерфейсы остаются как есть.',
  },
};

const NOT_RIGHT: CheckFinding = {
  severity: 'error',
  message: {
    en: 'These settings are not right yet: nothing was tried.',
    ja: '設定に誤りがあるため、試しませんでした。',
    ru: 'В настройках есть ошибки: проверка не начата.',
  },
};

function noInterface(selector: string | undefined, there: string): CheckFinding {
  const name = selector === undefined ? '' : ` ${selector}`;
  return {
    severity: 'error',
    message: {
      en: `There is no network interface${name}.`,
      ja: `ネットワークインターフェース${name} がありません。`,
      ru: `Сетевого интерфейса${name} нет.`,
    },
    remedy: { en: `There are: ${there || 'none'}.`, ja: `あるもの: ${there || 'なし'}。`, ru: `Есть: ${there || 'никаких'}.` },
  };
}
