import { expect, it } from 'vitest';

import { duration, fileSize, palette } from '../../../builder/report/text.ts';

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [943 * 1024, '943 KiB'],
  [498_693_632, '475.6 MiB'],
  [3 * 2 ** 30, '3.0 GiB'],
])('%i bytes are %s', (bytes, text) => expect(fileSize(bytes)).toBe(text));

it.each([
  [6.6, '7 s'],
  [125, '2 min 05 s'],
  [3780, '1 h 03 min'],
])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

it.each([
  ['on a terminal', true, {}, true],
  ['not into a pipe', false, {}, false],
  ['not where NO_COLOR is set', true, { NO_COLOR: '1' }, false],
  ['where NO_COLOR is empty', true, { NO_COLOR: '' }, true],
  ['not on a dumb terminal', true, { TERM: 'dumb' }, false],
])('colours: %s', (_, isTTY, env, coloured) => {
  expect(palette({ isTTY }, env).red('x') !== 'x').toBe(coloured);
});
