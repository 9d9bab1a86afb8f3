import { readFollowed } from '../cluster/follower/followed.ts';
import { alike, followerState, followers, type KnownFollower } from '../cluster/leader/registry.ts';
import type { CheckFinding } from '../contract/helper.ts';
import type { System } from '../kit/system.ts';
import { type DoctorCheck, ok, problem } from './check.ts';

/** A follower asks every minute; a reboot of either side is no reason to worry. */
const SILENCE = 10;

/** Whether leader and followers hear of each other, and run with the newest files. */
export const cluster: DoctorCheck = {
  name: 'cluster',
  title: { en: 'Leader and followers', ja: 'リーダーとフォロワー', ru: 'Ведущий и ведомые' },

  async run({ system, unit: { ownRole }, finalised, now }) {
    if (finalised && ownRole?.follows !== undefined) return [await ofFollower(system, now)];
    if (finalised && Object.keys(ownRole?.followers ?? {}).length > 0) return ofLeader(system, now);
    return [ok('This unit is in no cluster.', 'このユニットはクラスターに属していません。', 'Этот узел не в кластере.')];
  },
};

const NO_ANSWER = {
  en: 'The leader has not answered since this unit joined it. This unit goes on with the files that it has.',
  ja: '参加してからリーダーの応答がありません。現在のファイルで動作を続けます。',
  ru: 'Ведущий не отвечает с тех пор, как узел присоединился. Узел работает с теми файлами, что есть.',
};

async function ofFollower(system: System, now: number): Promise<CheckFinding> {
  const { contact, report, rejected } = await readFollowed(system);
  const silent = contact === undefined ? undefined : minutesSince(contact, now);
  if (silent === undefined || silent >= SILENCE) {
    return problem(
      'warning',
      silent === undefined
        ? NO_ANSWER
        : {
            en: `The leader has not answered for ${silent} minutes. This unit goes on with the files that it has.`,
            ja: `リーダーから ${silent} 分間応答がありません。現在のファイルで動作を続けます。`,
            ru: `Ведущий не отвечает ${silent} мин. Узел работает с теми файлами, что есть.`,
          },
      {
        en: 'Look whether the leader is on: journalctl -u unit-follow shows what it said.',
        ja: 'リーダーが動いているか確認してください。journalctl -u unit-follow に詳細があります。',
        ru: 'Проверьте, включён ли ведущий; подробности: journalctl -u unit-follow.',
      },
    );
  }
  if (report === undefined || report.state === 'ready')
    return ok('This unit runs with the files of its leader.', 'リーダーのファイルで動作しています。', 'Узел работает с файлами ведущего.');
  if (rejected === undefined || report.state === 'failed') {
    return problem(
      'error',
      {
        en: `This unit does not run as it should: ${report.message}`,
        ja: `このユニットは正常に動作していません: ${report.message}`,
        ru: `Узел работает не так, как должен: ${report.message}`,
      },
      {
        en: 'unitctl doctor services shows its services; once the cause is mended: unitctl apply',
        ja: 'unitctl doctor services でサービスを確認し、原因を直したら unitctl apply を実行してください。',
        ru: 'Службы: unitctl doctor services; после исправления: unitctl apply',
      },
    );
  }
  return problem(
    'error',
    {
      en: `The newest files of the leader do not work here: ${report.message}`,
      ja: `リーダーの最新ファイルはこのユニットで動作しません: ${report.message}`,
      ru: `Новейшие файлы ведущего здесь не работают: ${report.message}`,
    },
    {
      en: 'This unit runs with those before. Mend the settings on the leader: its next files are tried by themselves. Mended here: unitctl apply',
      ja: '以前のファイルで動作しています。リーダーの設定を直すと、新しいファイルが自動的に試されます。このユニットを直した場合: unitctl apply',
      ru: 'Узел работает с прежними. Исправьте настройки на ведущем: новые файлы будут опробованы сами. Исправили здесь: unitctl apply',
    },
  );
}

async function ofLeader(system: System, now: number): Promise<CheckFinding[]> {
  const all = (await followers(system)).filter(({ revoked }) => !revoked);
  const twice = [...alike(all)].filter(([id, { other }]) => other.id < id);
  const findings = [
    ...(await Promise.all(all.map((each) => aboutFollower(system, each, now)))),
    ...twice.map(([id, { other, path }]) => aboutTwo(id, other, path)),
  ];
  const wrong = findings.filter((finding) => finding !== undefined);
  if (wrong.length > 0) return wrong;
  return [ok(`${all.length} units follow this one.`, `${all.length} 台のユニットが追従しています。`, `Ведомых узлов: ${all.length}.`)];
}

async function aboutFollower(system: System, follower: KnownFollower, now: number): Promise<CheckFinding | undefined> {
  const { id, role, name, seen, report } = follower;
  const silent = minutesSince(seen, now);
  const who = `${role} ${name} (${id})`;
  if (silent >= SILENCE) {
    return problem(
      'warning',
      {
        en: `${who} has not asked for ${silent} minutes.`,
        ja: `${who} から ${silent} 分間接続がありません。`,
        ru: `${who} не обращается ${silent} мин.`,
      },
      {
        en: `Look whether it is on and reaches this unit; one that is gone for good: unitctl cluster revoke ${id}`,
        ja: `動作と接続を確認してください。廃止した場合: unitctl cluster revoke ${id}`,
        ru: `Проверьте, включён ли он и видит ли этот узел; если выведен насовсем: unitctl cluster revoke ${id}`,
      },
    );
  }
  const state = await followerState(system, follower);
  if (state !== 'failed' && state !== 'rolled-back') return undefined;
  const why = report?.message ?? '';
  if (state === 'failed') {
    return problem(
      'error',
      {
        en: `${who} does not run as it should: ${why}`,
        ja: `${who} は正常に動作していません: ${why}`,
        ru: `${who} работает не так, как должен: ${why}`,
      },
      {
        en: 'Look there: unitctl doctor',
        ja: 'そのユニットで unitctl doctor を実行してください。',
        ru: 'Выполните на нём: unitctl doctor',
      },
    );
  }
  return problem(
    'error',
    {
      en: `${who} turned its newest files down: ${why}`,
      ja: `${who} は最新ファイルを拒否しました: ${why}`,
      ru: `${who} отклонил новейшие файлы: ${why}`,
    },
    {
      en: 'Mend the settings here; it tries the next files by itself.',
      ja: 'このユニットの設定を直してください。次のファイルは自動的に試されます。',
      ru: 'Исправьте настройки здесь; следующие файлы он опробует сам.',
    },
  );
}

function aboutTwo(id: string, { id: other, role, unique }: KnownFollower, path: string): CheckFinding {
  const value = unique?.[path] ?? '';
  return problem(
    'error',
    {
      en: `${role} ${other} and ${role} ${id} are the same: ${path} of both is ${value}.`,
      ja: `${role} ${other} と ${role} ${id} が重複しています。どちらも ${path} が ${value} です。`,
      ru: `${role} ${other} и ${role} ${id} одинаковы: ${path} у обоих ${value}.`,
    },
    {
      en: `On the one that is wrong: unitctl settings set ${path}. One that is gone for good: unitctl cluster revoke ID`,
      ja: `誤っているユニットで unitctl settings set ${path} を実行してください。廃止した場合: unitctl cluster revoke ID`,
      ru: `На том, что задан неверно: unitctl settings set ${path}. Если один выведен насовсем: unitctl cluster revoke ID`,
    },
  );
}

function minutesSince(time: number, now: number): number {
  return Math.floor((now - time) / 60_000);
}
