import { join } from 'node:path';
import { expect, it } from 'vitest';

import { ExitCode, UserError } from '../../../builder/kit/errors.ts';
import { bootFinding } from '../../../builder/verify/run-scenario.ts';
import { Machine, type MachineParts } from '../../../builder/vm/machine.ts';
import { testContext } from '../../helpers/context.ts';
import { fakeProgram } from '../../helpers/fake-program.ts';

it('takes a command that fails on the unit for no fault of ours, and verify reports it', async () => {
  const folder = fakeProgram('ssh', 'echo "read-only file system" >&2; exit 1');
  const { ctx } = testContext({ env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
  const ssh = { user: 'root', port: 1, keyFile: 'key', controlPath: join(folder, 'control') };
  const process_ = { pid: 0, ended: new Promise<undefined>(() => undefined) };
  const parts = { spec: {}, process: process_, ssh, timeoutFactor: 1 } as unknown as MachineParts;
  const failed = await new Machine(ctx, parts).output(['mkdir', '/run/unit']).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(UserError);
  expect(failed).toMatchObject({ exitCode: ExitCode.tool });
  expect(bootFinding(ctx, failed)).toEqual({
    rule: 'boot',
    severity: 'error',
    message: 'on the unit, `mkdir /run/unit` failed with exit code 1: read-only file system',
  });
});
