import { describe, expect, it } from 'vitest';

import { downloadArgs, parseSettings, targetOptions } from '../../../builder/tools/pip.ts';

describe('targetOptions', () => {
  const options = targetOptions({ python: '3.13', architecture: 'amd64' });
  const valuesOf = (flag: string): string[] => options.flatMap((option, index) => (options[index - 1] === flag ? [option] : []));

  it('names the Python of the guest', () => {
    expect(valuesOf('--python-version')).toEqual(['3.13']);
    expect(valuesOf('--abi')).toEqual(['cp313', 'abi3', 'none']);
  });

  it('takes every older platform too, the newest first', () => {
    const platforms = valuesOf('--platform');
    expect(platforms.indexOf('manylinux_2_28_x86_64')).toBeLessThan(platforms.indexOf('manylinux_2_17_x86_64'));
    expect(platforms).toContain('manylinux_2_5_x86_64');
    expect(platforms).toContain('manylinux2014_x86_64');
    expect(platforms).not.toContain('manylinux_2_4_x86_64');
  });

  it('never takes a source distribution, whose code would run on the host', () => {
    expect(options).toContain('--only-binary=:all:');
  });
});

describe('downloadArgs', () => {
  it('follows dependencies only where it is told to', () => {
    const request = { python: '3.13', architecture: 'amd64', requirements: '/r.txt', folder: '/w' };
    expect(downloadArgs({ ...request, dependencies: false })).toContain('--no-deps');
    expect(downloadArgs({ ...request, dependencies: true })).not.toContain('--no-deps');
  });
});

describe('parseSettings', () => {
  it.each([
    ['', { indexes: ['https://pypi.org/simple'], links: [] }],
    ["global.index-url='https://a.example/simple'", { indexes: ['https://a.example/simple'], links: [] }],
    [
      ":env:.index-url='https://b.example/simple'\nglobal.index-url='https://a.example/simple'\nglobal.extra-index-url='https://c.example/s https://d.example/s'",
      { indexes: ['https://b.example/simple', 'https://c.example/s', 'https://d.example/s'], links: [] },
    ],
    ["download.find-links='/w'\ninstall.find-links='/no'", { indexes: ['https://pypi.org/simple'], links: ['/w'] }],
    [":env:.no-index='1'\n:env:.find-links='/a /b'", { indexes: [], links: ['/a', '/b'] }],
    ["global.cert='/etc/ca.pem'", { indexes: ['https://pypi.org/simple'], links: [] }],
  ])('%j', (text, expected) => {
    expect(parseSettings(text)).toEqual(expected);
  });
});
