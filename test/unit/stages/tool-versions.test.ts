import { expect, it } from 'vitest';

import { toolsBehind } from '../../../builder/stages/tool-versions.ts';

it('takes each version from the stage that the program decides of, and says where none was recorded', () => {
  const old = { mmdebstrap: '1.3.5', mke2fs: '1.47.0', packer: '1.6.6', 'qemu-img': '7.2.0', 'qemu-system-x86_64': '7.2.0' };
  const now = { ...old, mmdebstrap: '1.5.7', packer: '1.14.0' };
  expect(toolsBehind({ rootfs: old, disk: {}, bake: now, audit: old })).toEqual({ ...now, mmdebstrap: '1.3.5', mke2fs: 'unknown' });
});
