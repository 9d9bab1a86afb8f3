import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { run } from '../../../builder/kit/command.ts';
import { ownerOf, writePayload } from '../../../builder/payload/archive.ts';
import { testContext } from '../../helpers/context.ts';

describe('writePayload', () => {
  it('writes what GNU tar reads: owners by name, plain modes, links, and of folders those that the image lacks or that are empty', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'payload-'));
    mkdirSync(join(folder, 'root/etc/app'), { recursive: true });
    mkdirSync(join(folder, 'root/home/www/project'), { recursive: true });
    writeFileSync(join(folder, 'root/etc/app/x.conf'), 'x');
    writeFileSync(join(folder, 'root/home/www/project/run'), 'y');
    chmodSync(join(folder, 'root/home/www/project/run'), 0o775);
    chmodSync(join(folder, 'root/home/www/project'), 0o2770);
    chmodSync(join(folder, 'root/etc/app/x.conf'), 0o600);
    mkdirSync(join(folder, 'root/srv/empty/inside'), { recursive: true });
    chmodSync(join(folder, 'root/srv/empty/inside'), 0o700);
    symlinkSync('run', join(folder, 'root/home/www/project/link'));
    await writePayload(join(folder, 'root'), [{ path: '/home/www/project', owner: 'www:www-data' }], join(folder, 'p.tar'));

    const { ctx } = testContext();
    const { stdout } = await run(ctx, 'tar', ['-tvf', join(folder, 'p.tar')]);
    const lines = stdout.split('\n').map((line) => line.replace(/\s+/g, ' ').replace(/ \d{4}-\d\d-\d\d \d\d:\d\d/, ''));
    expect(lines).toEqual([
      '-rw-r--r-- root/root 1 etc/app/x.conf',
      'drwxr-xr-x www/www-data 0 home/www/project',
      'lrwxrwxrwx www/www-data 0 home/www/project/link -> run',
      '-rwxr-xr-x www/www-data 1 home/www/project/run',
      'drwxr-xr-x root/root 0 srv/empty/inside',
    ]);
  });
});

describe('ownerOf', () => {
  const owners = [
    { path: '/home/www', owner: 'www' },
    { path: '/home/www/media', owner: 'media:web' },
  ];
  it.each([
    ['/etc/passwd', 'root', 'root'],
    ['/home/www', 'www', 'www'],
    ['/home/www/a', 'www', 'www'],
    ['/home/wwwx', 'root', 'root'],
    ['/home/www/media/a', 'media', 'web'],
  ])('%s belongs to %s:%s', (path, uname, gname) => expect(ownerOf(path, owners)).toMatchObject({ uname, gname }));
});
