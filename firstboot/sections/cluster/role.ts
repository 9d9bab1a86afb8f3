/** Makes the unit one of its role: its services in their order, those of other roles off for good, its ports and no others. */
import { DONE, due } from '../../apply/change.ts';
import { firewallFiles } from '../../contract/firewall.ts';
import { idleFiles, orderingFiles, type UnitFile } from '../../contract/ordering.ts';
import type { Texts } from '../../contract/texts.ts';
import { readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
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
    en: `This unit becomes: ${title.en}. Services and ports of other roles stay shut.`,
    ja: `このユニットの役割は「${title.ja ?? title.en}」です。他の役割のサービスとポートは使いません。`,
    ru: `Роль этого узла: ${title.ru ?? title.en}. Службы и порты других ролей остаются выключенными.`,
  }),

  parameters(_settings, unit) {
    const { ownRole, roles = {}, services, ports } = unit;
    const own = ownRole === undefined ? undefined : roles[ownRole.name];
    if (ownRole === undefined || own === undefined) return undefined;
    const files = [...orderingFiles(services), ...firewallFiles(ports)];
    return { role: ownRole.name, title: own.title, idle: idleFiles(ownRole.idle), files };
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

async function differing(system: System, files: readonly UnitFile[]): Promise<UnitFile[]> {
  const wrong = await Promise.all(files.map(async ({ path, content }) => (await readIfExists(system.path(path))) !== content));
  return files.filter((_, index) => wrong[index]);
}
