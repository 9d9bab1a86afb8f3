import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { register as check } from '../../../builder/cli/check.ts';
import { register as list } from '../../../builder/cli/list.ts';
import { register as create } from '../../../builder/cli/new.ts';
import { type Edge, runCli } from '../../../builder/cli/runtime.ts';
import { ExitCode } from '../../../builder/kit/errors.ts';
import { compileSchema } from '../../../builder/kit/schema.ts';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'unitsmith-cli-'));
  vi.spyOn(process, 'cwd').mockReturnValue(cwd);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(cwd, { recursive: true, force: true });
});

async function unitsmith(...argv: string[]): Promise<{ code: ExitCode; stdout: string; stderr: string }> {
  const stdout = new Sink();
  const stderr = new Sink();
  const edge = { env: { HOME: cwd }, stdout, stderr, onSignal: () => () => undefined } as unknown as Edge;
  const code = await runCli(edge, '0.0.0', [check, create, list], argv);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

function results(stdout: string, type: string): Record<string, unknown>[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((event) => event['type'] === type);
}

describe('new, list, check', () => {
  it('write a skeleton, list it, and find nothing wrong with it', async () => {
    const created = await unitsmith('new', 'my-shop');
    expect(created).toMatchObject({ code: ExitCode.ok, stdout: expect.stringContaining('unitsmith bake my-shop') as string });
    expect(await readFile(join(cwd, 'images', 'my-shop', 'image.yaml'), 'utf8')).toContain('name: "my-shop"');
    expect((await unitsmith('list')).stdout).toMatch(/^my-shop +0\.1\.0 +My shop +images\/my-shop$/m);
    expect(await unitsmith('check', 'my-shop')).toMatchObject({ code: ExitCode.ok, stdout: 'images/my-shop: no errors, no warnings\n' });
  });

  it('name the folder where it is not below ./images, quoted where a shell needs it', async () => {
    expect((await unitsmith('new', 'my-shop', '--folder', 'my images')).stdout).toContain("unitsmith bake 'my images/my-shop'");
    expect((await unitsmith('check', 'my images/my-shop')).code).toBe(ExitCode.ok);
    expect((await unitsmith('new', 'other', '--folder', '.')).stdout).toContain('unitsmith bake ./other');
    expect((await unitsmith('check', './other')).code).toBe(ExitCode.ok);
  });

  it('refuse a bad name and a second time', async () => {
    expect(await unitsmith('new', 'My Shop')).toMatchObject({
      code: ExitCode.usage,
      stderr: expect.stringContaining('unitsmith new my-shop') as string,
    });
    await unitsmith('new', 'my-shop');
    expect(await unitsmith('new', 'my-shop')).toMatchObject({
      code: ExitCode.usage,
      stderr: expect.stringContaining('is there already') as string,
    });
  });

  it('report every problem of every image, for people and for machines', async () => {
    await unitsmith('new', 'one');
    await unitsmith('new', 'two');
    const file = join(cwd, 'images', 'two', 'image.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('cpus: 1', 'cpu: 1').replace('suite: trixie', 'suite: 13'));
    const human = await unitsmith('check', 'one', 'two');
    expect(human.code).toBe(ExitCode.findings);
    expect(human.stdout).toBe('images/one: no errors, no warnings\nimages/two: 3 errors, no warnings\n');
    expect(human.stderr).toMatch(/images\/two\/image\.yaml:\d+:\d+/);
    expect(human.stderr).toContain('Did you mean "cpus"?');
    const machine = await unitsmith('--json', 'check', 'one', 'two');
    expect(
      results(machine.stdout, 'finding').map(({ rule, severity, problem }) => [
        rule,
        severity,
        (problem as { where: { path: string } }).where.path,
      ]),
    ).toEqual([
      ['schema', 'error', '/base/suite'],
      ['schema', 'error', '/hardware'],
      ['schema', 'error', '/hardware/cpu'],
    ]);
    expect(results(machine.stdout, 'result')).toMatchObject([
      {
        command: 'check',
        data: {
          images: [
            { folder: 'images/one', errors: 0 },
            { folder: 'images/two', errors: 3 },
          ],
        },
      },
    ]);
  });

  it('check all images where none is named, broken ones included', async () => {
    await unitsmith('new', 'one');
    await mkdir(join(cwd, 'images', 'broken'));
    await writeFile(join(cwd, 'images', 'broken', 'image.yaml'), 'unitsmith: [');
    const { code, stdout } = await unitsmith('check');
    expect(code).toBe(ExitCode.findings);
    expect(stdout).toContain('images/one: no errors');
    expect(stdout).toMatch(/images\/broken: \d+ errors?/);
    expect((await unitsmith('list')).stdout).toMatch(/^broken +\? +cannot be read: see unitsmith check +images\/broken$/m);
  });

  it('refuse a name that is none and a link that leads out', async () => {
    expect(await unitsmith('check', 'nothing')).toMatchObject({
      code: ExitCode.definition,
      stderr: expect.stringContaining('There is no image "nothing"') as string,
    });
    await unitsmith('new', 'one');
    await symlink('/etc', join(cwd, 'images', 'one', 'etc'));
    expect(await unitsmith('check', 'one')).toMatchObject({
      code: ExitCode.findings,
      stderr: expect.stringContaining('leads out of the image folder') as string,
    });
  });

  it('know the rules of the audit', async () => {
    await unitsmith('new', 'one');
    const file = join(cwd, 'images', 'one', 'image.yaml');
    await writeFile(file, `${await readFile(file, 'utf8')}audit: { except: [{ rule: no-such-rule, path: /x, reason: long enough }] }\n`);
    expect(await unitsmith('check', 'one')).toMatchObject({
      code: ExitCode.findings,
      stderr: expect.stringContaining('the audit has no rule "no-such-rule"') as string,
    });
  });

  it('print the JSON Schema for editors', async () => {
    const { code, stdout } = await unitsmith('check', '--schema');
    expect(code).toBe(ExitCode.ok);
    expect(compileSchema(JSON.parse(stdout) as object)({})).not.toEqual([]);
  });

  it.each([['new'], ['list'], ['check']])('have help with examples: %s', async (command) => {
    expect((await unitsmith(command, '--help')).stdout).toContain(`unitsmith ${command}`);
  });
});
