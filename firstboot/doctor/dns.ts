import { promises as resolver } from 'node:dns';
import { networkInterfaces } from 'node:os';

import type { CheckFinding } from '../contract/helper.ts';
import { readIfExists } from '../kit/files.ts';
import { type DoctorCheck, type DoctorContext, ok, problem } from './check.ts';

/** What systemd-resolved asks (systemd-resolved.service(8)); /etc/resolv.conf itself names only resolved. */
const SERVERS = ['/run/systemd/resolve/resolv.conf', '/etc/resolv.conf'];
const SECONDS = 10;

/** The name servers, and that the unit's own name leads to it. */
export const dns: DoctorCheck = {
  name: 'dns',
  title: { en: 'Name resolution', ja: '名前解決', ru: 'Разрешение имён' },

  async run(context) {
    const servers = await nameServers(context);
    if (servers.length === 0) {
      return [
        problem(
          'warning',
          { en: 'No name server is known.', ja: 'DNS サーバーが設定されていません。', ru: 'Не известен ни один сервер DNS.' },
          {
            en: 'Set one in the network settings, or have DHCP name one.',
            ja: 'ネットワーク設定で指定するか、DHCP で配布してください。',
            ru: 'Задайте его в настройках сети или через DHCP.',
          },
        ),
      ];
    }
    const name = context.settings?.domain.name;
    const asked = servers.join(', ');
    if (name === undefined) return [ok(`Name servers: ${asked}.`, `DNS サーバー: ${asked}。`, `Серверы DNS: ${asked}.`)];
    return [await ownName(name)];
  },
};

async function nameServers({ system }: DoctorContext): Promise<string[]> {
  for (const path of SERVERS) {
    const text = await readIfExists(system.path(path));
    if (text !== undefined) return [...text.matchAll(/^nameserver\s+(\S+)/gm)].map(([, server]) => server ?? '');
  }
  return [];
}

async function ownName(name: string): Promise<CheckFinding> {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(Object.assign(new Error('no answer'), { code: 'EAI_AGAIN' })), SECONDS * 1000).unref();
  });
  try {
    const found = (await Promise.race([resolver.lookup(name, { all: true }), late])).map(({ address }) => address);
    const own = Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
    const list = found.join(', ');
    if (found.some((address) => own.includes(address)))
      return ok(
        `${name} leads to this unit (${list}).`,
        `${name} はこのユニットを指しています(${list})。`,
        `${name} ведёт на этот узел (${list}).`,
      );
    return problem(
      'info',
      {
        en: `${name} leads to ${list}, which is no address of this unit.`,
        ja: `${name} は ${list} を指していますが、このユニットのアドレスではありません。`,
        ru: `${name} ведёт на ${list}, а это не адрес узла.`,
      },
      {
        en: 'Right behind a router that passes on to this unit; else mend the records of the domain.',
        ja: 'ルーターの内側なら問題ありません。そうでなければドメインのレコードを直してください。',
        ru: 'За маршрутизатором это верно; иначе исправьте записи домена.',
      },
    );
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOTFOUND';
    return problem(
      'error',
      gone
        ? { en: `There is no name ${name}.`, ja: `${name} という名前は見つかりません。`, ru: `Имени ${name} нет.` }
        : { en: 'The name servers do not answer.', ja: 'DNS サーバーから応答がありません。', ru: 'Серверы DNS не отвечают.' },
      gone
        ? { en: 'Add an address record for it.', ja: 'アドレスレコードを追加してください。', ru: 'Добавьте для него адресную запись.' }
        : {
            en: 'Check the network and its name servers: resolvectl status',
            ja: 'ネットワークと DNS サーバーを確認してください: resolvectl status',
            ru: 'Проверьте сеть и её серверы DNS: resolvectl status',
          },
    );
  }
}
