/** The console's keyboard: keyboard(5), taken up by setupcon(1). */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { DONE, due } from '../../apply/change.ts';
import { KEYBOARD_FILE, keyboardFile } from '../../contract/keyboard.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { ignoreMissing, readIfExists, writeFileAtomic } from '../../kit/files.ts';
import type { BeginChange } from '../changes.ts';

const LAYOUTS = '/usr/share/X11/xkb/symbols';

/** What Debian's own packages set up where nobody says otherwise. */
const DEBIAN = 'us';

type P = { layout: string };

export const keyboard: BeginChange<P> = {
  title: { en: 'Keyboard', ja: 'キーボード', ru: 'Клавиатура' },
  words: ({ layout }) => ({
    en: `The console's keyboard has the layout ${layout}.`,
    ja: `コンソールのキーボード配列を ${layout} にします。`,
    ru: `Раскладка клавиатуры консоли: ${layout}.`,
  }),

  parameters({ time: { keyboard: layout } }) {
    return layout === undefined ? undefined : { layout };
  },

  async check({ layout }, { system, appliedBefore }) {
    if ((await readIfExists(system.path(KEYBOARD_FILE))) !== keyboardFile(layout)) return due('the keyboard has another layout');
    // A run may have been killed between the file and the console.
    return appliedBefore ? DONE : due('the console may have another layout yet');
  },

  async apply({ layout }, { system, log }) {
    if ((await stat(system.path(join(LAYOUTS, layout))).catch(ignoreMissing)) === undefined) {
      throw new UnitError(`this unit does not know the keyboard layout ${layout}`, {
        exitCode: ExitCode.step,
        texts: {
          en: `This unit does not know the keyboard layout ${layout}. Give one such as us, gb, de, jp or ru.`,
          ja: `このユニットにはキーボード配列 ${layout} がありません。us、gb、de、jp、ru などを入力してください。`,
          ru: `Узел не знает раскладки ${layout}. Укажите, например, us, gb, de, jp или ru.`,
        },
        remedies: ['Give one of xkeyboard-config(7), such as us, gb, de, jp or ru.'],
      });
    }
    await writeFileAtomic(system.path(KEYBOARD_FILE), keyboardFile(layout));
    await system.run('setupcon', ['--force', '--save', '--keyboard-only'], { onLine: log, timeout: 60 });
  },

  reset: (_wanted, context) => keyboard.apply({ layout: context.unit.look?.keyboard ?? DEBIAN }, context),
};
