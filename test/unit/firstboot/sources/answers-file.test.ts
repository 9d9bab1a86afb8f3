import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { UnitError } from '../../../../firstboot/kit/errors.ts';
import { parseAnswers, readAnswersFile } from '../../../../firstboot/sources/answers-file.ts';
import { runs } from '../../../helpers/runs.ts';

const violation = (path: string) => ({ path, message: 'is wrong', keyword: 'type' });

describe('answers file', () => {
  test.each([
    ['YAML', 'a: 1\nb: [x, "é"]\n'],
    ['JSON', '{ "a": 1, "b": ["x", "\\u00e9"] }'],
    ['a byte order mark', '\ufeffa: 1\nb:\n  - x\n  - é\n'],
  ])('%s', (_, text) => expect(parseAnswers(text, 'f').data).toEqual({ a: 1, b: ['x', 'é'] }));

  test.each([
    ['/a/b/1', { line: 4, column: 7 }],
    ['/a/b/7', { line: 3, column: 5 }],
    ['/none/x', { line: 1, column: 1 }],
    ['', { line: 1, column: 1 }],
    ['/a/x~1y', { line: 5, column: 8 }],
  ])('%s is placed', (path, place) => {
    const file = parseAnswers('a:\n  b:\n    - 1\n    - 22\n  x/y: 3\n', 'answers.yaml');
    expect(file.locate(violation(path))).toEqual({ message: 'is wrong', file: 'answers.yaml', path, ...place });
  });

  test.each([
    ['a: [1', 1],
    ['a: 1\na: 2\n', 2],
    ['a: 1\n\tb: 2', 2],
  ])('%j is refused with its line', (text, line) => {
    try {
      parseAnswers(text, 'f.yaml');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 3, problems: expect.arrayContaining([expect.objectContaining({ file: 'f.yaml', line })]) });
    }
  });

  test('no message holds a piece of the file: a password without quotes is easily no YAML', () => {
    const piece = fc.constantFrom(
      'SECRET',
      'password: ',
      '|',
      '>',
      '*',
      '&',
      '!',
      '%',
      '@',
      '`',
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      ', ',
      ': ',
      '- ',
      '? ',
      '#',
      '\n',
      '  ',
      '\t',
      '\\x',
      '---\n',
    );
    const files = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(files, (text) => {
        try {
          parseAnswers(text, 'f');
        } catch (error) {
          const { message, problems } = error as UnitError;
          expect([message, ...problems.map((problem) => problem.message)].join('\n')).not.toContain('SECRET');
        }
      }),
      { ...runs(5000), examples: [['!SECRET!'], ['%SECRET\n---\n'], ['"\\SECRET"']] },
    );
  });

  test('a bomb of aliases is refused', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`);
    expect(() => parseAnswers(`l0: &l0 [x]\n${levels.join('\n')}\n`, 'f')).toThrow(/alias/i);
  });

  test('a file that is not there', async () => {
    await expect(readAnswersFile('/no/such/file')).rejects.toMatchObject({ exitCode: 3 });
  });
});
