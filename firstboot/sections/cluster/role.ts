/** Makes the unit one of its role: its services in their order, those of other roles off for good. */
import { DONE, due } from '../../apply/change.ts';
import { differing } from '../../apply/differing.ts';
import { idleFiles, orderingFiles, type UnitFile } from '../../contract/ordering.ts';
import type { Texts } from '../../contract/texts.ts';
import { removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { BeginChange } from '../changes.ts';

interface P extends Record<string, unknown> {
  role: string;
  title: Texts;
  /** Only there in this role. */
  idle: readonly UnitFile[];
  files: readonly UnitFile[];
}

export const role: BeginChange<P> = {
  title: { en: 'Role', ja: '役割', ru: 'Роль' },
  words: ({ title }) => ({
    en: `This unit becomes: ${title.en}. Services of other roles stay off.`,
    ja: `このユニットの役割は「${title.ja ?? title.en}」です。他の役割のサービスは使いません。`,
    ru: `Роль этого узла: ${title.ru ?? title.en}. Службы других ролей остаются выключенными.`,
  }),

  parameters(_settings, unit) {
    const { ownRole, roles = {}, services } = unit;
    const own = ownRole === undefined ? undefined : roles[ownRole.name];
    if (ownRole === undefined || own === undefined) return undefined;
    return { role: ownRole.name, title: own.title, idle: idleFiles(ownRole.idle), files: orderingFiles(services) };
  },

  async check({ idle, files }, { system }) {
    const [first] = await differing(system, [...idle, ...files]);
    return first === undefined ? DONE : due(`${first.path} is of another role`);
  },

  async apply({ idle, files }, { system, log }) {
    for (const { path, content } of await differing(system, [...idle, ...files])) await writeFileAtomic(system.path(path), content);
    await system.run('systemctl', ['daemon-reload'], { onLine: log });
  },

  async reset({ idle }, { system }) {
    for (const { path } of idle) await removeFile(system.path(path));
  },
};
