import { type DoctorCheck, ok, problem } from './check.ts';

/** timedatectl(1): certificates and log-ins fail with a wrong clock. */
export const clock: DoctorCheck = {
  name: 'clock',
  title: { en: 'Clock', ja: '時計', ru: 'Часы' },

  async run({ system, now }) {
    const { stdout } = await system.run('timedatectl', ['show', '--property=NTP,NTPSynchronized']);
    const says = (name: string): boolean => new RegExp(`^${name}=yes$`, 'm').test(stdout);
    const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
    if (says('NTPSynchronized')) {
      return [
        ok(
          `It is ${time}, as time servers say.`,
          `時刻は ${time} で、タイムサーバーと同期しています。`,
          `Сейчас ${time}, время сверено с серверами.`,
        ),
      ];
    }
    const message = says('NTP')
      ? {
          en: `It is ${time} by the unit's own clock: no time server has answered.`,
          ja: `ユニットの時計では ${time} です。タイムサーバーから応答がありません。`,
          ru: `По часам узла ${time}: ни один сервер времени не ответил.`,
        }
      : {
          en: `It is ${time} by the unit's own clock: it is not set by time servers.`,
          ja: `ユニットの時計では ${time} です。タイムサーバーとの同期は無効です。`,
          ru: `По часам узла ${time}: сверка с серверами времени выключена.`,
        };
    return [
      problem('warning', message, {
        en: says('NTP') ? 'Name servers that this network reaches: unitctl settings set time.ntp SERVER' : 'timedatectl set-ntp true',
        ja: says('NTP') ? '到達できるサーバーを設定してください: unitctl settings set time.ntp サーバー' : 'timedatectl set-ntp true',
        ru: says('NTP') ? 'Укажите доступные серверы: unitctl settings set time.ntp СЕРВЕР' : 'timedatectl set-ntp true',
      }),
    ];
  },
};
