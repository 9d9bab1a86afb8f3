/** keyboard(5): the layout of the console's keyboard, which builder and unit write alike. */

export const KEYBOARD_FILE = '/etc/default/keyboard';

/** Layouts of xkeyboard-config(7) without Latin letters: with one of them alone nobody could log in. system/console has them too. */
export const NOT_LATIN = new Set(
  'af am ara bd bg by cn dv et ge gr il in ir iq kg kh kz la lk ma mk mm mn mv np pk rs ru sy th tj ua uz'.split(' '),
);

/** The file for a layout such as `de`. Those without Latin letters come beside the American one; Alt and Shift switch. */
export function keyboardFile(layout: string): string {
  const both = NOT_LATIN.has(layout);
  return [
    'XKBMODEL="pc105"',
    `XKBLAYOUT="${both ? `us,${layout}` : layout}"`,
    `XKBVARIANT="${both ? ',' : ''}"`,
    `XKBOPTIONS="${both ? 'grp:alt_shift_toggle' : ''}"`,
    'BACKSPACE="guess"',
    '',
  ].join('\n');
}
