import { describe, expect, it } from 'vitest';

import { ExitCode, UserError } from '../../../builder/kit/errors.ts';
import { compareFiles, holdToLock } from '../../../builder/sources/locked.ts';

const file = (name: string, digit: string) => ({ name, sha256: digit.repeat(64) });
const locked = { kind: 'url', files: [file('a', '1'), file('b', '2')] };

describe('compareFiles', () => {
  it.each([
    ['the same', [file('b', '2'), file('a', '1')], []],
    ['another hash', [file('a', '1'), file('b', '3')], [`b: wanted sha256 ${'2'.repeat(64)}, found ${'3'.repeat(64)}`]],
    ['one more', [...locked.files, file('c', '3')], ['c is not in the lock']],
    ['one less', [file('a', '1')], ['b is in the lock and not in the artifact']],
  ])('%s', (_what, files, messages) => {
    expect(compareFiles(locked, { kind: 'url', files }).map(({ message }) => message)).toEqual(messages);
  });
});

it('says what to do about a difference', () => {
  try {
    holdToLock('app', locked, { kind: 'url', files: [] });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ message: 'Artifact app is not what lock.json says', exitCode: ExitCode.source });
    expect((error as UserError).problems).toHaveLength(2);
    expect((error as UserError).remedies.join()).toContain('unitsmith lock');
  }
});
