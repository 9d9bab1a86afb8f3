import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';

import { Account, inProcess } from '../../helpers/cli-bundle.ts';
import { fakeHost, mirrorOf, skeletonArchive, writeShop } from '../../helpers/cli-image.ts';

const PASSWORD = 'hunter/two';
const FORMS = [PASSWORD, encodeURIComponent(PASSWORD), Buffer.from(`ada:${PASSWORD}`).toString('base64')];
const ADDRESS = `http://ada:${encodeURIComponent(PASSWORD)}@127.0.0.1:1/`;

let account: Account;

beforeEach(async () => {
  account = new Account();
  fakeHost(account);
  vi.spyOn(process, 'cwd').mockReturnValue(account.cwd);
  await writeShop(account);
});

function logText(): string {
  const folder = join(account.root, '.local', 'state', 'unitsmith', 'log');
  return readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8');
}

it.each([
  ['--mirror', ['--verbose', 'bake', 'shop', '--mirror', ADDRESS], {}],
  ['UNITSMITH_APT_MIRROR', ['--json', 'lock', 'shop'], { UNITSMITH_APT_MIRROR: ADDRESS }],
  ['a proxy', ['bake', 'shop', '--mirror', 'http://127.0.0.1:1/'], { http_proxy: ADDRESS }],
])('the password in the address of %s is neither shown nor logged', async (_what, args, env) => {
  const { code, stdout, stderr } = await inProcess(account, args, env);
  expect(code).toBe(5);
  for (const text of [stdout, stderr, logText()]) for (const form of FORMS) expect(text).not.toContain(form);
  expect(logText()).toContain('127.0.0.1:1');
});

it.each(['--verbose', '--json'])('a program that repeats what it was given shows that something was hidden (%s)', async (flag) => {
  account.program(
    'mmdebstrap',
    `if [ "$1" = --version ]; then echo "mmdebstrap 1.4.3"; exit; fi
for form in ${FORMS.join(' ')}; do echo "using <$form>" >&2; done; exit 1`,
  );
  const mirror = mirrorOf(`file:${await skeletonArchive()}`);
  const { code, stdout, stderr } = await inProcess(account, [flag, 'bake', 'shop', '--mirror', mirror], { https_proxy: ADDRESS });
  expect(code).toBe(6);
  for (const text of [stdout, stderr, logText()]) for (const form of FORMS) expect(text).not.toContain(form);
  // As it comes, and again in the error.
  for (const text of [`${stdout}${stderr}`, logText()]) expect(text.split('using <********>').length - 1).toBe(2 * FORMS.length);
});

it('an address with a password is shown without it', async () => {
  const { stderr } = await inProcess(account, ['check', ADDRESS]);
  expect(stderr).toContain('ada:********@127.0.0.1:1');
});
