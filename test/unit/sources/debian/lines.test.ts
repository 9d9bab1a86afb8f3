import { describe, expect, it } from 'vitest';

import { archiveLines, splitLogins } from '../../../../builder/sources/debian/lines.ts';

const trixie = { distribution: 'debian', suite: 'trixie' };

describe('archiveLines', () => {
  it.each([
    [
      'the public archive, as mmdebstrap writes it',
      trixie,
      undefined,
      [
        'deb http://deb.debian.org/debian trixie main',
        'deb http://deb.debian.org/debian trixie-updates main',
        'deb http://security.debian.org/debian-security trixie-security main',
      ],
    ],
    ['a rolling suite', { distribution: 'debian', suite: 'sid' }, undefined, ['deb http://deb.debian.org/debian sid main']],
    [
      'a mirror with the security updates beside it',
      trixie,
      'http://mirror.example.org/debian/',
      [
        'deb http://mirror.example.org/debian trixie main',
        'deb http://mirror.example.org/debian trixie-updates main',
        'deb http://mirror.example.org/debian-security trixie-security main',
      ],
    ],
    [
      'a mirror of the archive alone',
      trixie,
      'http://mirror.example.org/pub/',
      [
        'deb http://mirror.example.org/pub trixie main',
        'deb http://mirror.example.org/pub trixie-updates main',
        'deb http://security.debian.org/debian-security trixie-security main',
      ],
    ],
    [
      'Ubuntu',
      { distribution: 'ubuntu', suite: 'noble' },
      undefined,
      [
        'deb http://archive.ubuntu.com/ubuntu noble main universe',
        'deb http://archive.ubuntu.com/ubuntu noble-updates main universe',
        'deb http://security.ubuntu.com/ubuntu noble-security main universe',
      ],
    ],
    ['whole lines', trixie, 'deb [trusted=yes] file:/r ./\n deb http://x y z', ['deb [trusted=yes] file:/r ./', 'deb http://x y z']],
  ])('%s', (_what, base, mirror, expected) => {
    expect(archiveLines(base, mirror)).toEqual(expected);
  });
});

describe('splitLogins', () => {
  it('takes log-ins out of the sources', () => {
    const { lines, logins } = splitLogins(['deb [arch=amd64] https://me:s%40cret@mirror.example.org/debian trixie main']);
    expect(lines).toEqual(['deb [arch=amd64] https://mirror.example.org/debian trixie main']);
    expect(logins).toEqual(['machine https://mirror.example.org/debian login me password s@cret']);
  });

  it('leaves lines without log-ins alone', () => {
    const lines = archiveLines(trixie);
    expect(splitLogins(lines)).toEqual({ lines, logins: [] });
  });
});
