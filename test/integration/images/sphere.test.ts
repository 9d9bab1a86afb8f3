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

describe("the image's programs", () => {
  it('are Python that compiles', async () => {
    const files = (await readdir(IMAGE, { recursive: true })).filter(
      (name) => !name.startsWith('templates/') && /\.py$|\/usr\/lib\/sphere\/(uwsgi|celery)|acceptance\/[0-9]|manage/.test(name),
    );
    expect(files.length).toBeGreaterThan(20);
    const script = 'import ast, sys; [ast.parse(open(path, encoding="utf-8").read(), path) for path in sys.argv[1:]]';
    await run(ctx, 'python3', ['-c', script, ...files.map((name) => join(IMAGE, name))]);
  });
});
