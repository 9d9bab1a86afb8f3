/** The system's locale: locale.conf(5), and its data by locale-gen(8), from sources that every image has. */
import { DONE, due } from '../../apply/change.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { readIfExists, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import type { BeginChange } from '../changes.ts';

/** /etc/default/locale is a link to it. */
const CONFIG = '/etc/locale.conf';
const HEADING = '# From the settings of this unit.\n';
/** Locales whose data locale-gen(8) makes; it may be run again by an upgrade, so the list must have ours. */
const GENERATED = '/etc/locale.gen';
const SUPPORTED = '/usr/share/i18n/SUPPORTED';

type P = { locale?: string };

export const locale: BeginChange<P> = {
  title: { en: 'Language', ja: '言語', ru: 'Язык' },
  words: ({ locale: name }) =>
    name === undefined
      ? { en: 'The locale stays as it is.', ja: 'ロケールは現状のままです。', ru: 'Локаль остаётся как есть.' }
      : { en: `The locale is ${name}.`, ja: `ロケールを ${name} にします。`, ru: `Локаль: ${name}.` },

  parameters({ time: { locale: name } }) {
    return name === undefined ? {} : { locale: name };
  },

  async check({ locale: name }, { system }) {
    const text = await readIfExists(system.path(CONFIG));
    if (name === undefined) return text?.startsWith(HEADING) === true ? due('a locale is set that was asked for before') : DONE;
    if (text !== configOf(name)) return due('the locale is another');
    return (await isThere(system, name)) ? DONE : due(`there is no data of ${name}`);
  },

  async apply({ locale: name }, { system, log }) {
    // Empty, not gone: PAM looks for it. C.UTF-8 is what systemd takes then.
    if (name === undefined) return writeFileAtomic(system.path(CONFIG), '');
    await generate(system, name, log);
    // After its data: a locale without any makes programs complain.
    await writeFileAtomic(system.path(CONFIG), configOf(name));
  },

  async reset({ locale: name }, context) {
    if (name !== undefined) await locale.apply({}, context);
  },
};

function configOf(name: string): string {
  return `${HEADING}LANG=${name}\n`;
}

async function isThere(system: System, name: string): Promise<boolean> {
  const { stdout } = await system.run('locale', ['--all-locales']);
  // glibc lists `ru_RU.utf8`.
  return stdout.split('\n').some((each) => each.replace(/\.utf-?8$/i, '.UTF-8') === name);
}

async function generate(system: System, name: string, log: (line: string) => void): Promise<void> {
  if (await isThere(system, name)) return;
  const line = `${name} UTF-8`;
  const supported = (await readIfExists(system.path(SUPPORTED))) ?? '';
  if (!supported.split('\n').includes(line)) {
    throw new UnitError(`this unit does not know the locale ${name}`, {
      exitCode: ExitCode.step,
      texts: {
        en: `This unit does not know the locale ${name}. Choose another one.`,
        ja: `このユニットにはロケール ${name} がありません。別のものを選んでください。`,
        ru: `Узел не знает локали ${name}. Выберите другую.`,
      },
      remedies: [`${SUPPORTED} lists those that it knows.`],
    });
  }
  const list = (await readIfExists(system.path(GENERATED))) ?? '';
  if (!list.split('\n').includes(line)) {
    await writeFileAtomic(system.path(GENERATED), `${list}${list === '' || list.endsWith('\n') ? '' : '\n'}${line}\n`);
  }
  await system.run('locale-gen', ['--keep-existing'], { onLine: log, timeout: 300 });
}
