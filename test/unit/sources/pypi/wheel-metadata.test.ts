import { expect, it } from 'vitest';

import { parseLicences } from '../../../../builder/sources/pypi/wheel-metadata.ts';

it.each([
  ['Name: x\nLicense-Expression: MIT OR Apache-2.0\nLicense: other\n\nLicense: body', ['MIT OR Apache-2.0']],
  ['Classifier: License :: OSI Approved :: BSD License\nClassifier: Topic :: X\nLicense: see file', ['BSD License']],
  ['Classifier: License :: OSI Approved\nLicense: MIT', ['MIT']],
  ['License: UNKNOWN', []],
  [`License: ${'a whole licence text '.repeat(20)}`, []],
  ['Name: x\n\nLicense: in the description', []],
])('%j', (metadata, expected) => {
  expect(parseLicences(metadata)).toEqual(expected);
});
