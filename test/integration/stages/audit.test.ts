/** The audit as a stage: what fails, what is kept, what comes from the cache. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import type { LoadedImage } from '../../../builder/definition/definition.ts';
import { ExitCode, UserError } from '../../../builder/kit/errors.ts';
import { Runner } from '../../../builder/pipeline/runner.ts';
import { checkBudget } from '../../../builder/sbom/index.ts';
import { auditStage } from '../../../builder/stages/audit.ts';
import { testContext } from '../../helpers/context.ts';
import { makeSmallDisk } from '../../helpers/small-disk.ts';
import { CLEAN, RECORDED, TEST_KEY } from '../audit/clean.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-stage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const remove = async (path: string): Promise<void> => rmSync(path, { recursive: true, force: true });
const image = (except: { rule: string; path: string; reason: string }[] = []): LoadedImage =>
  ({ definition: { name: 'sphere', version: '1.0.0', audit: { except } } }) as unknown as LoadedImage;

describe('stage audit', () => {
  it('fails with every error at once, and keeps nothing', async () => {
    const disk = join(folder, 'bad.raw');
    makeSmallDisk(disk, { root: { ...CLEAN, '/srv/key.pem': TEST_KEY, '/tmp/x': 'x', '/etc/machine-id': '' } });
    const { ctx, events } = testContext();
    const runner = new Runner(ctx, 'sphere', { audit: 'a' }, remove);
    const error = await runner
      .run(auditStage, { image: image(), disk, bakeId: 'a', packages: RECORDED, vendors: [] })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).exitCode).toBe(ExitCode.audit);
    expect((error as UserError).problems.map(({ where }) => where?.file).sort()).toEqual(['/etc/machine-id', '/srv/key.pem', '/tmp/x']);
    const found = events.filter((event) => event.type === 'finding');
    expect(found.map(({ rule }) => rule).sort()).toEqual(['build-leftovers', 'machine-id', 'private-keys']);
    expect(readdirSync(join(ctx.cacheDir, 'stages', 'audit'))).toEqual([]);
  });

  it('keeps report and inventory, and comes from the cache until disk or exceptions change', async () => {
    const disk = join(folder, 'good.raw');
    const metadata = 'Metadata-Version: 2.4\nName: Flask\nVersion: 3.1.0\nLicense-Expression: BSD-3-Clause\n\ntext\n';
    const npm = [{ name: 'yaml', version: '2.9.1', licence: 'ISC' }];
    makeSmallDisk(disk, {
      root: {
        ...CLEAN,
        '/opt/venv/lib/flask-3.1.0.dist-info/METADATA': metadata,
        '/opt/big': Buffer.alloc(300_000, 1),
        '/usr/lib/unit/unitctl.packages.json': JSON.stringify(npm),
      },
    });
    const { ctx } = testContext();
    const runner = new Runner(ctx, 'sphere', { audit: 'a' }, remove);
    const input = { image: image(), disk, bakeId: 'a', packages: RECORDED, vendors: [] };
    const first = await runner.run(auditStage, input);
    expect(first.cached).toBe(false);
    const { inventory, report } = first.output;
    expect(JSON.parse(readFileSync(report, 'utf8'))).toEqual({ image: 'sphere', version: '1.0.0', findings: [] });
    expect(inventory.packages.map(({ name, source, sourceVersion }) => [name, source, sourceVersion])).toEqual([
      ['base-files', 'base-files', '13.8'],
      ['python3-test', 'python3-defaults', '3.13.5-1'],
    ]);
    expect(inventory.python).toEqual([{ name: 'Flask', version: '3.1.0', licences: ['BSD-3-Clause'], path: '/opt/venv/lib' }]);
    expect(inventory.npm).toEqual(npm);
    expect(inventory.size.folders[0]).toEqual({ name: '/opt', bytes: 303_104 + 4096 });
    expect((await runner.run(auditStage, input)).cached).toBe(true);
    expect((await runner.run(auditStage, { ...input, bakeId: 'b' })).cached).toBe(false);
    expect((await runner.run(auditStage, { ...input, vendors: ['base-files'] })).cached).toBe(false);
    const reason = 'an exception that is not needed';
    const excepted = await runner.run(auditStage, { ...input, image: image([{ rule: 'logs', path: '/x', reason }]) });
    expect(JSON.parse(readFileSync(excepted.output.report, 'utf8'))).toMatchObject({
      findings: [{ severity: 'warning', rule: 'logs', path: '/x' }],
    });

    const over = checkBudget({ installed: '0 MiB', ova: '1 GiB' }, { installed: inventory.size.installed, ova: 5 }, inventory.size);
    expect(over.map(({ where }) => where?.path)).toEqual(['/budget/installed']);
  });
});
