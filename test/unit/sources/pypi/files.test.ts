import { expect, it } from 'vitest';

import { parseFileName } from '../../../../builder/sources/pypi/files.ts';

it.each([
  ['flask-3.0.3-py3-none-any.whl', { kind: 'wheel', name: 'flask', version: '3.0.3' }],
  ['Flask_SQLAlchemy-3.1-1-py3-none-any.whl', { kind: 'wheel', name: 'flask-sqlalchemy', version: '3.1' }],
  ['x-1+local-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl', { kind: 'wheel', name: 'x', version: '1+local' }],
  ['docopt-0.6.2.tar.gz', { kind: 'sdist', name: 'docopt', version: '0.6.2' }],
  ['zope.interface-6.0.tar.gz', { kind: 'sdist', name: 'zope-interface', version: '6.0' }],
  ['python-dateutil-2.9.0.post0.zip', { kind: 'sdist', name: 'python-dateutil', version: '2.9.0.post0' }],
  ['README.md', undefined],
  ['x.whl', undefined],
])('%s', (file, expected) => {
  expect(parseFileName(file)).toEqual(expected === undefined ? undefined : { file, ...expected });
});
