import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { packerBuild } from '../../../../builder/tools/packer/build.ts';
import { tiedToUs } from '../../../../builder/tools/tied.ts';
import { testContext } from '../../../helpers/context.ts';
import { fakeProgram } from '../../../helpers/fake-program.ts';

const options = (folder: string) => ({
  template: join(folder, 'unit.pkr.json'),
  version: { text: '1.6.6', plugins: false },
  onError: 'cleanup' as const,
  log: join(folder, 'packer.log'),
  timeout: 60,
  onMessage: () => undefined,
  onMark: () => undefined,
});

it('names Packer where it fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  const { ctx } = testContext({ env: { ...process.env, PATH: `${fakeProgram('packer', 'exit 3')}:${process.env.PATH}` } });
  await expect(packerBuild(ctx, options(folder))).rejects.toMatchObject({
    message: 'packer failed with exit code 3',
    failure: { program: 'packer', args: expect.arrayContaining(['build']) },
  });
});

it('asks Packer to stop, which ends its machine, where this process is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  const packer = `trap 'echo ended > "${folder}/said"; exit 1' TERM; echo $$ > "${folder}/pid"; while :; do sleep 0.05; done`;
  const env = { ...process.env, PATH: `${fakeProgram('packer', packer)}:${process.env.PATH}` };
  const argv = JSON.stringify(tiedToUs('packer', ['build'], 'TERM'));
  const script = `require('node:child_process').spawn(...${argv}, { detached: true, stdio: 'ignore' }); setInterval(() => undefined, 1000);`;
  const bake = spawn(process.execPath, ['-e', script], { env, stdio: 'inherit' });
  await expect.poll(() => existsSync(join(folder, 'pid')), { timeout: 10_000 }).toBe(true);
  bake.kill('SIGKILL');
  await expect.poll(() => existsSync(join(folder, 'said')), { timeout: 10_000 }).toBe(true);
});

it('is run so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-test-'));
  const { ctx, events } = testContext({ env: { ...process.env, PATH: `${fakeProgram('packer', 'exit 0')}:${process.env.PATH}` } });
  await packerBuild(ctx, options(folder));
  expect(JSON.stringify(events)).toContain('$ setpriv --pdeathsig TERM -- packer build ');
});
