import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { parseMark, parseMessage } from '../../../../builder/tools/packer/messages.ts';

const recorded = readFileSync(join(import.meta.dirname, '../../../fixtures/packer/build-1.6.6.txt'), 'utf8')
  .trimEnd()
  .split('\n');

describe('parseMessage', () => {
  const messages = recorded.map(parseMessage);

  it('understands every line that Packer 1.6.6 wrote in a real bake', () => {
    expect(messages.length).toBeGreaterThan(40);
    expect(messages.every((message) => message !== undefined)).toBe(true);
  });

  it('gives what Packer says, its commas and without its prefix', () => {
    expect(messages).toContainEqual({ kind: 'say', text: 'Starting VM, booting disk image' });
    expect(messages).toContainEqual({ kind: 'say', text: 'Connected to SSH!' });
  });

  it("tells the guest's standard output from its standard error", () => {
    expect(messages).toContainEqual({ kind: 'error', text: 'Installing for i386-pc platform.' });
    expect(messages).toContainEqual({ kind: 'message', text: '/: 4.9 GiB (5264424960 bytes) trimmed on /dev/vda3' });
  });

  it('splits nothing at escaped line ends before they are read', () => {
    const message = parseMessage('1795247662,,ui,message,    qemu.unit: one%!(PACKER_COMMA) two\\n    qemu.unit: three');
    expect(message).toEqual({ kind: 'message', text: 'one, two\nthree' });
  });

  it.each(['', 'panic: runtime error', 'not,a,message'])('leaves %j alone', (line) => {
    expect(parseMessage(line)).toBeUndefined();
  });
});

describe('parseMark', () => {
  it.each([
    ['@unitsmith started scripts/10-a', { mark: 'started', what: 'scripts/10-a' }],
    ['@unitsmith finished seal', { mark: 'finished', what: 'seal' }],
    ['@unitsmith failed scripts/10-a 127', { mark: 'failed', what: 'scripts/10-a', exitCode: 127 }],
    ['echo @unitsmith started seal', undefined],
    ['@unitsmith exploded seal', undefined],
  ])('reads %j', (text, mark) => {
    expect(parseMark(text)).toEqual(mark);
  });
});
