/** A follower joins its leader and fetches its first files, before anything of the image is done with them. */
import { DONE, due } from '../../apply/change.ts';
import { decodeJoinCode } from '../../cluster/code.ts';
import { bundleHash, checkBundle, takeBundle } from '../../cluster/follower/bundle.ts';
import { fetchFiles, join, keepLeader, readLeader } from '../../cluster/follower/leader.ts';
import { uniqueOf } from '../../cluster/unique.ts';
import type { Unique } from '../../contract/cluster.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import type { BeginChange } from '../changes.ts';

interface P extends Record<string, unknown> {
  role: string;
  /** A secret. */
  code: string | undefined;
  unique: Unique | undefined;
}

export const joinLeader: BeginChange<P> = {
  title: { en: 'Join the leader', ja: 'リーダーに参加', ru: 'Присоединение к ведущему' },
  words: () => ({
    en: 'The unit joins its leader by the join code and fetches its files. From then on it follows what is changed there.',
    ja: '参加コードでリーダーに参加し、ファイルを取得します。以後、リーダーでの変更に追従します。',
    ru: 'Узел присоединяется к ведущему по коду и получает свои файлы. Дальше он следует изменениям на ведущем.',
  }),

  parameters(settings, { ownRole }) {
    if (ownRole?.follows === undefined) return undefined;
    return { role: ownRole.name, code: settings.cluster?.join, unique: uniqueOf(ownRole.unique, settings) };
  },

  async check({ code }, { system }) {
    const leader = await readLeader(system);
    if (leader === undefined) return due('it follows nobody yet');
    if (code !== undefined && decodeJoinCode(code).invite !== leader.invite) return due('there is another join code');
    return (await bundleHash(system)) === undefined ? due('it has no files of the leader yet') : DONE;
  },

  async apply({ code, role, unique }, { system, unit, log }) {
    const known = await readLeader(system);
    const wanted = code === undefined ? undefined : decodeJoinCode(code);
    if (wanted !== undefined && wanted.role !== role) {
      throw new UnitError(`the join code is for the role ${wanted.role}, this unit is ${role}`, {
        exitCode: ExitCode.answers,
        remedies: [`On the leader: unitctl cluster invite --role ${role}`],
      });
    }
    const leader = wanted === undefined || wanted.invite === known?.invite ? known : await join(system, wanted, unique);
    if (leader === undefined) throw new UnitError('there is no join code', { exitCode: ExitCode.answers });
    log(`the leader is ${leader.addresses.join(', ')}, this unit is ${leader.id} there`);
    const { files } = await fetchFiles(system, leader, {});
    if (files === undefined) {
      throw new UnitError(`the leader has no files for the role ${role} yet`, {
        exitCode: ExitCode.step,
        remedies: ['Finish the leader first: `unitctl apply` there.'],
      });
    }
    checkBundle(files.text, unit.name, role);
    // Only now: a leader whose files are of no use here must not take the place of one that is followed.
    if (leader !== known) await keepLeader(system, leader);
    if (files.hash !== (await bundleHash(system))) await takeBundle(system, files.text);
  },
};
