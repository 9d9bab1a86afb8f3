import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { deadEnd, lastLines, serialText } from '../../../builder/vm/serial.ts';

describe('serial console', () => {
  test('colours, cursor moves and other control characters are taken out', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'serial-')), 'log');
    writeFileSync(
      file,
      '\x1b[2J\x1b[01;01H\x1b[0;32m  OK  \x1b[0m Started \x1b[0;1;39mssh.service\x1b[0m\r\nlogin: \x1b]104\x07\x1b7\x1b[999;999H',
    );
    expect(await serialText(file)).toBe('  OK   Started ssh.service\nlogin: ');
  });

  test('a console that showed nothing is empty', async () => {
    expect(await serialText('/nonexistent/serial.log')).toBe('');
  });

  test('the tail leaves blank lines out', () => {
    expect(lastLines('one\n\n  \ntwo  \nthree\n\n', 2)).toEqual(['two', 'three']);
  });

  test.each([
    ['Gave up waiting for root file system device.\nALERT!  UUID=7d3f does not exist.  Dropping to a shell!\n', /initramfs did not find/],
    ['[    3.1] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)', /lacks the driver/],
    ['[    3.1] Kernel panic - not syncing: Attempted to kill init!', /the kernel panicked: Attempted to kill init!/],
    ['You are in emergency mode. After logging in', /emergency mode/],
    ['error: no such partition.\nEntering rescue mode...\ngrub rescue> ', /GRUB/],
    ['Boot failed: not a bootable disk\n\nNo bootable device.', /nothing to boot/],
    ['UEFI Interactive Shell v2.2\nEDK II\n', /nothing to boot/],
  ])('%s is a dead end', (console, why) => {
    expect(deadEnd(console)).toMatch(why);
  });

  test('a boot that goes well is none', () => {
    expect(deadEnd('[  OK  ] Reached target multi-user.target\nDebian GNU/Linux 13 localhost ttyS0\nlocalhost login: ')).toBeUndefined();
  });
});
