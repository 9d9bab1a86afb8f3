/** The menu of the screen once a unit is set up, with a dialog that answers by itself: the way back in. Before that: test/vm/console.test.ts. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';

import { keyboardFile } from '../../../firstboot/contract/keyboard.ts';
import { SETUP_PATHS } from '../../../firstboot/contract/setup.ts';
import { UNIT_PATHS } from '../../../firstboot/contract/unit.ts';
import { fakeProgram } from '../../helpers/fake-program.ts';

const CONSOLE = join(import.meta.dirname, '../../../firstboot/system/console');
const namespaces = spawnSync('unshare', ['--mount', '--map-root-user', 'true']).status === 0;
const PASSWORD = `a new "pass' word$ é`;

/** One press of Enter, then the end of the terminal. */
const SCRIPT = `
mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/lib
mkdir /run/unit /var/lib/unit; : >/var/lib/unit/finalised
for each in $3; do : >"$each"; done
mount --bind "$2/../default" /etc/default
echo 'Shop 1.2.3' >/run/unit/console.txt
PATH=$2:$PATH bash "$1" <<<''
`;

let folder: string;
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** @param answers what dialog gives, one call a line */
function press(
  answers: readonly string[],
  programs: Record<string, string> = {},
  files: readonly string[] = [],
): { dialogs: string; said: (name: string) => string } {
  folder = mkdtempSync(join(tmpdir(), 'unitsmith-console-'));
  const bin = join(folder, 'bin');
  for (const name of [bin, join(folder, 'default')]) mkdirSync(name);
  writeFileSync(join(folder, 'answers'), answers.map((answer) => `${answer}\n`).join(''));
  fakeProgram('dialog', `printf '%s\\n' "$*" >>'${folder}/dialogs'; head -n 1 '${folder}/answers' >&2; sed -i 1d '${folder}/answers'`, bin);
  fakeProgram('unitctl', `echo "$@" >>'${folder}/unitctl'; case $1 in settings) echo admin;; *) echo said by unitctl;; esac`, bin);
  for (const [name, body] of Object.entries({ chpasswd: `cat >>'${folder}/chpasswd'`, ...programs })) fakeProgram(name, body, bin);
  execFileSync('unshare', ['--mount', '--map-root-user', 'bash', '-c', SCRIPT, 'bash', CONSOLE, bin, files.join(' ')], { stdio: 'pipe' });
  const said = (name: string): string => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {
      return '';
    }
  };
  return { dialogs: said('dialogs'), said };
}

describe.skipIf(!namespaces)('the menu of a unit that is set up (needs namespaces)', () => {
  test('has the way back in', () => {
    const { dialogs } = press(['']);
    for (const item of ['Open setup again', "Reset the administrator's password", 'What failed', 'Log in']) expect(dialogs).toContain(item);
    expect(dialogs).not.toContain('New code');
  });

  test.each([
    [true, [SETUP_PATHS.open]],
    [false, [SETUP_PATHS.open, SETUP_PATHS.claimed]],
    [true, [SETUP_PATHS.open, SETUP_PATHS.claimed, UNIT_PATHS.unfinished]],
  ])('offers a new code where the page takes one: %s with %j', (offered, files) => {
    expect(press([''], {}, files).dialogs.includes('New code')).toBe(offered);
  });

  test('resets the password of the administrator, which no argument has', () => {
    const { dialogs, said } = press(['password', PASSWORD, PASSWORD]);
    expect(said('unitctl')).toBe('settings get administrator.login\n');
    expect(said('chpasswd')).toBe(`admin:${PASSWORD}\n`);
    expect(dialogs).not.toContain(PASSWORD);
  });

  test.each([
    ['typed otherwise the second time', [PASSWORD, `${PASSWORD}x`]],
    ['that is short', ['short', 'short']],
  ])('takes no password %s', (_, typed) => {
    const { dialogs, said } = press(['password', ...typed]);
    expect(said('chpasswd')).toBe('');
    expect(dialogs).toContain('Nothing was changed');
  });

  test.each(['jp', 'ru', 'uz'])('writes the layout %s into the file that the settings write, and has it taken up', (layout) => {
    const { said } = press(['keyboard', layout], { setupcon: `echo "$@" >>"$(dirname "$0")/../setupcon"` });
    expect(said('default/keyboard')).toBe(keyboardFile(layout));
    expect(said('setupcon')).toBe('--force --save --keyboard-only\n');
  });

  test('opens setup again, and shows what that says', () => {
    const { dialogs, said } = press(['setup']);
    expect(said('unitctl')).toBe('open-setup\n');
    expect(dialogs).toContain('said by unitctl');
  });

  test('shows what failed', () => {
    const shown = `while [ "$1" != --textbox ]; do shift; done; cat "$2"`;
    const { said } = press(['failure'], {
      systemctl: 'echo nginx.service failed',
      journalctl: 'echo a line of the journal',
      dialog: `answer=$(head -n 1 "$(dirname "$0")/../answers"); sed -i 1d "$(dirname "$0")/../answers"; case "$*" in *--textbox*) ${shown} >"$(dirname "$0")/../shown";; *) echo "$answer" >&2;; esac`,
    });
    expect(said('shown')).toBe('said by unitctl\n\nnginx.service failed\n\na line of the journal\n');
  });
});
