/** The proof of a disk that does not come up, by a real QEMU. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

import type { LoadedImage } from '../../../builder/definition/definition.ts';
import { withCleanup } from '../../../builder/kit/cleanup.ts';
import { ExitCode } from '../../../builder/kit/errors.ts';
import { proofStage } from '../../../builder/stages/proof.ts';
import { testContext } from '../../helpers/context.ts';

const folder = mkdtempSync(join(tmpdir(), 'unitsmith-proof-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A boot sector that writes a line to the serial port, and halts. */
function diskThatSays(line: string): string {
  const code = Buffer.from('31c08ed8be167cbaf803fcac84c07403eeebf8f4ebfd', 'hex');
  const disk = Buffer.alloc(1 << 20);
  code.copy(disk);
  disk.write(`${line}\r\n`, code.length, 'latin1');
  disk.writeUInt16LE(0xaa55, 510);
  writeFileSync(join(folder, 'disk.raw'), disk);
  return join(folder, 'disk.raw');
}

it('is that the unit did not come up, and no fault of a tool', async () => {
  mkdirSync(join(folder, 'sample'));
  writeFileSync(join(folder, 'sample', 'answers.yaml'), '{}\n');
  const image = { folder, definition: { name: 'x', hardware: { cpus: 1, memory: '128 MiB' } } } as unknown as LoadedImage;
  const acceleration = { kind: 'tcg', cpuModel: 'max', reason: 'a test', timeoutFactor: 1 } as const;
  const input = { image, disk: diskThatSays('You are in emergency mode'), bakeId: 'b', acceleration };
  const { ctx } = testContext({ cacheDir: join(folder, 'cache') });
  await expect(withCleanup((cleanup) => proofStage.run(input, folder, ctx, cleanup))).rejects.toMatchObject({
    exitCode: ExitCode.proof,
    message: 'The unit did not come up: x-proof does not boot',
    why: expect.stringContaining('emergency mode'),
    remedies: [expect.stringContaining('unitsmith try')],
    excerpt: { lines: expect.arrayContaining(['You are in emergency mode']) },
  });
});
