import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { run } from '../../../builder/kit/command.ts';
import { testContext } from '../../helpers/context.ts';
import { IMAGE, rendered, SECRETS, sampleSettings } from '../../unit/images/sphere/image.ts';

const { ctx } = testContext();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unitsmith-sphere-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The module's names and values, as Python reads it. */
async function readByPython(text: string): Promise<Record<string, unknown>> {
  const file = join(folder, '_local.py');
  await writeFile(file, text);
  const script = 'import json, runpy, sys; print(json.dumps({k: v for k, v in runpy.run_path(sys.argv[1]).items() if k.isupper()}))';
  return JSON.parse((await run(ctx, 'python3', ['-c', script, file])).stdout) as Record<string, unknown>;
}

describe('conf/_local.py', () => {
  it('gives Python back what the owner answered', async () => {
    const siteName = `Сфера "'\\ %s {{x}} $HOME \${y} #`;
    const password = `p'"\\\u2028%(x)s 日本`;
    const mail = { mode: 'relay', host: 'mail.example.org', user: 'u', password, senderAddress: 'a@example.org' };
    const settings = await sampleSettings({ product: { siteName }, mail });
    const local = await readByPython(await rendered('local.py', 'python', settings));
    expect(local).toMatchObject({
      SQLALCHEMY_DATABASE_URI: `postgresql://sphere_user:${SECRETS.database}@localhost/sphere`,
      SECRET_KEY: SECRETS.session,
      SITE_NAME: siteName,
      MAIL_PASSWORD: password,
      MAIL_SENDER_NAME: siteName,
      MAIL_PORT: 587,
      TIME_ZONE: 'Europe/Moscow',
    });
  });

  it('is whole where nothing optional is answered', async () => {
    const local = await readByPython(await rendered('local.py', 'python', await sampleSettings({ mail: {}, domain: {} })));
    expect(local).toMatchObject({ MAIL_MODE: 'none', MAIL_HOST: null, MAIL_USER: null, SITE_DOMAIN: null, MAIL_SENDER: null });
  });
});

describe('apply.d/40-certificate', () => {
  /** Calls the step with its folder replaced; gives exit code and last line. */
  async function step(verb: string, name: string): Promise<{ exitCode: number; message: string }> {
    const script = `
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.SourceFileLoader("step", sys.argv[1])
step = importlib.util.module_from_spec(importlib.util.spec_from_loader("step", loader))
sys.dont_write_bytecode = True
loader.exec_module(step)
step.FOLDER, step.KEY, step.CERTIFICATE = sys.argv[2], sys.argv[2] + "/key", sys.argv[2] + "/crt"
step.addresses = lambda: ["192.0.2.7", "2001:db8::7"]
sys.exit(step.main(sys.argv[3]))`;
    const input = JSON.stringify({ settings: { domain: { name } }, unit: {}, secrets: {} });
    const args = ['-B', '-c', script, join(IMAGE, 'apply.d/40-certificate'), folder, verb];
    const { exitCode, stdout } = await run(ctx, 'python3', args, { input, okExitCodes: [0, 1] });
    return { exitCode, message: (JSON.parse(stdout.split('\n').at(-1) || '{}') as { message?: string }).message ?? '' };
  }

  it('makes a certificate once, and again for another name', async () => {
    expect(await step('check', 'a.example.org')).toEqual({ exitCode: 1, message: 'there is no certificate' });
    expect((await step('apply', 'a.example.org')).exitCode).toBe(0);
    expect(await step('check', 'a.example.org')).toEqual({ exitCode: 0, message: '' });
    expect(await step('check', 'b.example.org')).toEqual({ exitCode: 1, message: 'the certificate is not for b.example.org' });
    const { stdout } = await run(ctx, 'openssl', ['x509', '-in', join(folder, 'crt'), '-noout', '-ext', 'subjectAltName,basicConstraints']);
    expect(stdout).toContain('DNS:a.example.org, DNS:localhost, IP Address:127.0.0.1, IP Address:192.0.2.7');
    expect(stdout).toContain('CA:FALSE');
    expect((await readdir(folder)).sort()).toEqual(['crt', 'key']);
  });

  it('mends a pair that a power cut tore apart, and takes everything back', async () => {
    await step('apply', 'a.example.org');
    await run(ctx, 'openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', join(folder, 'key')]);
    expect((await step('check', 'a.example.org')).message).toBe('key and certificate do not belong together');
    await step('apply', 'a.example.org');
    expect((await step('check', 'a.example.org')).exitCode).toBe(0);
    await step('undo', 'a.example.org');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("the image's programs", () => {
  it('are Python that compiles', async () => {
    const files = (await readdir(IMAGE, { recursive: true })).filter(
      (name) => !name.startsWith('templates/') && /\.py$|\/usr\/lib\/sphere\/(uwsgi|celery)|acceptance\/[0-9]|apply\.d\/|manage/.test(name),
    );
    expect(files.length).toBeGreaterThan(20);
    const script = 'import ast, sys; [ast.parse(open(path, encoding="utf-8").read(), path) for path in sys.argv[1:]]';
    await run(ctx, 'python3', ['-c', script, ...files.map((name) => join(IMAGE, name))]);
  });
});
