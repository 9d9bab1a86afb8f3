/**
 * A boot sector that does what a kernel does first: from real mode through page tables into long mode, a CPUID, some
 * work, and then a word to QEMU's isa-debug-exit device, which ends QEMU with `(value << 1) | 1`. Its source, for GNU
 * as, is boot-sector.s beside this file; a test assembles it and compares.
 */

export const EXIT_PORT = 0xf4;
const VALUE = 0x21;
/** Exit code of a QEMU whose guest came through. */
export const EXIT_CODE = (VALUE << 1) | 1;

const SIZE = 512;
const CODE =
  'fa31c08ed88ec08ed0bc007cbf00106631c0b9000cfc66f3ab66c70600100320000066c70600200330000066c70600308300' +
  '000066b8001000000f22d80f20e06683c8200f22e066b9800000c00f32660d000100000f300f0116987c0f20c0660d010000' +
  '800f22c066ea707c0000080031c00fa20f31b9a0860100ffc975fcb021e6f4f4ebfd6690';
/** The descriptor table (a null entry and a 64-bit code segment) and the register that points to it. */
const TABLE = { offset: 0x88, hex: '000000000000000000000000009a20000f00887c0000' };

export function bootSector(): Buffer {
  const sector = Buffer.alloc(SIZE);
  sector.write(CODE, 0, 'hex');
  sector.write(TABLE.hex, TABLE.offset, 'hex');
  sector.writeUInt16LE(0xaa55, SIZE - 2);
  return sector;
}
