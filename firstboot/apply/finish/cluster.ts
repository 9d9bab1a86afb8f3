import { publish, staleRoles } from '../../cluster/leader/publish.ts';
import { CLUSTER_UNITS } from '../../contract/cluster.ts';
import type { Unit } from '../../contract/unit.ts';
import { DONE, due } from '../change.ts';
import { isActive } from '../systemd.ts';
import type { FinishChange } from './index.ts';

/** A leader lays out what its followers fetch; a follower begins to listen to its leader. */
export const cluster: FinishChange = {
  aside: true,
  title: { en: 'Leader and followers', ja: 'リーダーとフォロワー', ru: 'Ведущий и ведомые' },
  words: () => ({
    en: 'A leader gives out the files of those who follow it; a follower goes on fetching its own.',
    ja: 'リーダーはフォロワーのファイルを配布し、フォロワーは自分のファイルを取得し続けます。',
    ru: 'Ведущий раздаёт файлы ведомых; ведомый продолжает получать свои.',
  }),
  wanted: (_settings, unit) => leads(unit) || follows(unit),

  async check(_parameters, context) {
    const stale = leads(context.unit) ? await staleRoles(context) : [];
    if (stale.length > 0) return due(`the files of ${stale.join(', ')} are others`);
    const service = serviceOf(context.unit);
    return (await isActive(context.system, service)) ? DONE : due(`${service} is not running`);
  },

  async apply(_parameters, context) {
    if (leads(context.unit)) await publish(context);
    await context.system.run('systemctl', ['start', '--', serviceOf(context.unit)], { onLine: context.log });
  },
};

function leads({ ownRole }: Unit): boolean {
  return Object.keys(ownRole?.followers ?? {}).length > 0;
}

function follows({ ownRole }: Unit): boolean {
  return ownRole?.follows !== undefined;
}

function serviceOf(unit: Unit): string {
  return leads(unit) ? CLUSTER_UNITS.server : CLUSTER_UNITS.follower;
}
