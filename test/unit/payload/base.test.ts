import { describe, expect, it } from 'vitest';

import { basePackages, packageNames } from '../../../builder/payload/base.ts';

describe('basePackages', () => {
  it('leave out what the image has another one of', () => {
    expect(basePackages({})).toContain('systemd-timesyncd');
    expect(basePackages({ packages: ['nginx'] })).toEqual(basePackages({}));
    expect(basePackages({ packages: ['chrony'] })).toEqual(basePackages({}).filter((name) => name !== 'systemd-timesyncd'));
  });
});

describe('packageNames', () => {
  it("are Debian's own on Debian", () => {
    const names = basePackages({ kernel: 'generic' });
    expect(packageNames([...names, 'nginx', 'nginx'], 'debian')).toEqual([...names, 'nginx'].sort());
  });

  it('are called otherwise on Ubuntu', () => {
    const names = packageNames([...basePackages({ kernel: 'cloud' }), 'docker.io', 'docker-cli'], 'ubuntu');
    expect(names).toEqual(expect.arrayContaining(['linux-image-virtual', 'ubuntu-keyring', 'docker.io', 'systemd-resolved']));
    expect(names.filter((name) => /debian|amd64$|docker-cli/.test(name))).toEqual([]);
    expect(names.filter((name) => name === 'docker.io')).toHaveLength(1);
  });
});
