import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { UserError } from '../../../../builder/kit/errors.ts';
import { packerVersion, supportedVersion } from '../../../../builder/tools/packer/version.ts';
import { testContext } from '../../../helpers/context.ts';
import { fakeProgram } from '../../../helpers/fake-program.ts';
import { until } from '../../../helpers/once.ts';

describe('supportedVersion', () => {
  it.each([
    ['1.6.6', { text: '1.6.6', plugins: false }],
    ['1.7.0', { text: '1.7.0', plugins: true }],
    ['Packer v1.11.2\n\nYour version of Packer is out of date! The latest version\nis 1.14.1.', { text: '1.11.2', plugins: true }],
  ])('reads %j', (output, expected) => {
    expect(supportedVersion(output)).toEqual(expected);
  });

  it.each(['1.5.6', '0.12.3', '2.0.0', 'cracklib packer'])('refuses %j', (output) => {
    expect(() => supportedVersion(output)).toThrow(UserError);
  });
});

describe('packerVersion', () => {
  it('says how to get Packer where there is none', async () => {
    const { ctx } = testContext({ env: { PATH: '/nonexistent' } });
    const error = await packerVersion(ctx).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'UserError', exitCode: 4, message: 'Packer is not installed' });
    expect((error as UserError).remedies.join('\n')).toContain('apt-get install packer');
  });

  it('takes the version of the program on PATH', async () => {
    const folder = fakeProgram('packer', 'echo 1.8.4');
    const { ctx } = testContext({ env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
    expect(await packerVersion(ctx)).toEqual({ text: '1.8.4', plugins: true });
  });

  it('leaves nothing of one that is interrupted', async () => {
    const mark = join(tmpdir(), `packer-${process.pid}`);
    const folder = fakeProgram('packer', `echo > "$TMPDIR/packer-log1"; echo "$TMPDIR" > ${mark}; mv ${mark} ${mark}.up; sleep 60`);
    const { ctx, abort } = testContext({ env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
    const version = packerVersion(ctx).catch((caught: unknown) => caught);
    await until(() => existsSync(`${mark}.up`), 'packer to be asked');
    abort();
    expect(await version).toMatchObject({ name: 'Interrupted' });
    expect(existsSync(readFileSync(`${mark}.up`, 'utf8').trim())).toBe(false);
  });

  it('is not fooled by another program of that name', async () => {
    const folder = fakeProgram('packer', 'echo "usage: packer dictionary" >&2; exit 1');
    const { ctx } = testContext({ env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
    await expect(packerVersion(ctx)).rejects.toMatchObject({ exitCode: 4, why: expect.stringContaining('another program') });
  });
});
