import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { ExitCode, type UserError } from '../../../builder/kit/errors.ts';
import type { Artifact } from '../../../builder/sources/artifact.ts';
import { placeArtifact } from '../../../builder/sources/index.ts';
import type { FetchRequest, LockedArtifact } from '../../../builder/sources/source.ts';
import { copyProject, mavenCopy } from '../../../builder/tools/maven.ts';
import { artifactRequest, fetchRequested } from '../../helpers/artifact.ts';
import { type TestContext, testContext } from '../../helpers/context.ts';
import { onceARun } from '../../helpers/once.ts';

const AUTHORIZATION = `Basic ${Buffer.from('ada:geheim42').toString('base64')}`;
/** Java's for programs that end at once. */
const QUICK = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';
const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');

let test: TestContext;
let lab: string;
let server: Server;
/** What the repository has, by path; a request for anything else is kept too. */
let files: Record<string, string>;
let requests: string[];

/** Maven's own plugin, from where this machine's Maven takes it: once for all tests. Undefined where it cannot be had. */
async function pluginRepository(): Promise<string | undefined> {
  try {
    return await onceARun('maven', async (folder) => {
      const { ctx } = testContext({ env: { PATH: process.env.PATH, HOME: folder, MAVEN_OPTS: `${QUICK} -Duser.home=${folder}` } });
      const [groupId, artifactId] = ['org.apache.maven.plugins', 'maven-dependency-plugin'];
      const item = { groupId, artifactId, version: '3.6.1', type: 'pom', outputDirectory: join(folder, 'out'), destFileName: 'pom' };
      writeFileSync(join(folder, 'pom.xml'), copyProject([item]));
      await mavenCopy(ctx, join(folder, 'pom.xml'), join(folder, 'repository'), () => undefined);
    });
  } catch (error) {
    console.warn(`skipped: Maven or its dependency plugin cannot be had (${String(error)})`);
    return undefined;
  }
}
const plugins = await pluginRepository();

beforeEach(async () => {
  lab = mkdtempSync(join(tmpdir(), 'maven-'));
  files = { '/org/example/app/1.0/app-1.0.war': 'the application', '/org/example/app/1.0/app-1.0-bin.tar.gz': 'an archive' };
  requests = [];
  server = createServer((request, response) => {
    if (request.headers.authorization !== AUTHORIZATION) return response.writeHead(401, { 'www-authenticate': 'Basic realm="lab"' }).end();
    const path = request.url ?? '';
    requests.push(path);
    const content = path.endsWith('.sha1') ? sha1Of(files[path.slice(0, -5)]) : files[path];
    return content === undefined ? response.writeHead(404).end() : response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  mkdirSync(join(lab, '.m2'));
  writeFileSync(
    join(lab, '.m2', 'settings.xml'),
    `<settings>
       <servers><server><id>lab</id><username>ada</username><password>geheim42</password></server></servers>
       <profiles><profile><id>lab</id><repositories><repository><id>lab</id><url>${url}</url></repository></repositories></profile></profiles>
       <activeProfiles><activeProfile>lab</activeProfile></activeProfiles>
     </settings>`,
  );
  test = testContext({ env: { PATH: process.env.PATH, HOME: lab, MAVEN_OPTS: `${QUICK} -Duser.home=${lab}` } });
  mkdirSync(join(test.ctx.cacheDir, 'downloads'));
  symlinkSync(join(plugins ?? '/nonexistent', 'repository'), join(test.ctx.cacheDir, 'downloads', 'maven'));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function sha1Of(content: string | undefined): string | undefined {
  return content === undefined ? undefined : createHash('sha1').update(content).digest('hex');
}

function request(more: Partial<FetchRequest<Artifact>> = {}, definition: Record<string, unknown> = {}): FetchRequest<Artifact> {
  return artifactRequest(
    { kind: 'maven', coordinates: ['org.example:app:1.0:war'], into: '/opt/app', owner: 'tomcat', ...definition },
    lab,
    more,
  );
}

const fetch = (wanted: FetchRequest<Artifact>) => fetchRequested(test.ctx, wanted);
const failure = async (wanted: FetchRequest<Artifact>): Promise<UserError> =>
  (await fetch(wanted).catch((error: unknown) => error)) as UserError;
const LOCKED: LockedArtifact = { kind: 'maven', files: [{ name: 'app-1.0.war', version: '1.0', sha256: sha256('the application') }] };

describe.skipIf(plugins === undefined)('with Maven', { timeout: 120_000 }, () => {
  it("locks every file, by the host's settings, and leaves no second copy", async () => {
    const both = { coordinates: ['org.example:app:1.0:war', 'org.example:app:1.0:tar.gz:bin'] };
    const { locked, components, folder } = await fetch(request({ purpose: 'lock' }, both));
    expect(locked).toEqual({
      kind: 'maven',
      files: [{ name: 'app-1.0-bin.tar.gz', version: '1.0', sha256: sha256('an archive') }, ...LOCKED.files],
    });
    expect(components).toEqual([
      { type: 'maven', name: 'org.example/app', version: '1.0', sha256: sha256('the application'), qualifiers: { type: 'war' } },
      {
        type: 'maven',
        name: 'org.example/app',
        version: '1.0',
        sha256: sha256('an archive'),
        qualifiers: { classifier: 'bin', type: 'tar.gz' },
      },
    ]);
    expect(readFileSync(join(folder, 'content', 'app-1.0.war'), 'utf8')).toBe('the application');
    expect(existsSync(join(test.ctx.cacheDir, 'downloads', 'maven', 'org', 'example', 'app', '1.0'))).toBe(false);
    expect(readdirSync(join(lab, '.m2'))).toEqual(['settings.xml']);
    expect(JSON.stringify([test.events, locked, components])).not.toMatch(/geheim42|127\.0\.0\.1/);
  });

  it('takes what was locked from the cache, without Maven and without a network', async () => {
    await fetch(request({ locked: LOCKED }));
    const before = requests.length;
    const wanted = request({ locked: LOCKED });
    wanted.guest = { ...wanted.guest, archive: { offline: true } };
    test = { ...test, ctx: { ...test.ctx, env: { PATH: '/nonexistent' } } };
    const { folder } = await fetch(wanted);
    expect(readdirSync(join(folder, 'content'))).toEqual(['app-1.0.war']);
    expect(requests).toHaveLength(before);
  });

  it('refuses another file than the locked one, and keeps nothing of it', async () => {
    files['/org/example/app/1.0/app-1.0.war'] = 'something else';
    const error = await failure(request({ locked: LOCKED }));
    expect(error).toMatchObject({ exitCode: ExitCode.source, message: 'Artifact app: app-1.0.war is not the file that lock.json names' });
    expect(error.why).toContain(sha256('something else'));
    expect(readdirSync(join(test.ctx.cacheDir, 'downloads')).sort()).toEqual(['maven', 'maven.used', 'partial']);
  });

  it('says what nobody has, and shows what Maven said', async () => {
    const error = await failure(request({ purpose: 'lock' }, { coordinates: ['org.example:missing:3.1'] }));
    expect(error).toMatchObject({ exitCode: ExitCode.source, message: 'Artifact app: Maven cannot fetch it' });
    expect(JSON.stringify(error.excerpt)).toContain('org.example:missing:jar:3.1');
    expect(JSON.stringify([error.excerpt, test.events])).not.toContain('geheim42');
  });

  it('asks again for what was not there before', async () => {
    const late = request({ purpose: 'lock' }, { coordinates: ['org.example:late:1'] });
    await failure(late);
    files['/org/example/late/1/late-1.jar'] = 'late';
    expect((await fetch(late)).locked.files).toMatchObject([{ sha256: sha256('late') }]);
  });
});

describe('without Maven', () => {
  beforeEach(() => {
    test = { ...test, ctx: { ...test.ctx, env: { PATH: '/nonexistent' } } };
  });

  it('names the package that has it', async () => {
    expect(await failure(request({ purpose: 'lock' }))).toMatchObject({
      exitCode: ExitCode.host,
      message: 'mvn is not installed',
      remedies: ['sudo apt install maven'],
    });
  });

  it('wants a lock', async () => {
    expect(await failure(request())).toMatchObject({ exitCode: ExitCode.definition, message: 'Artifact app is not locked' });
  });

  it('does not take a changed version as it was locked', async () => {
    const error = await failure(request({ locked: LOCKED }, { coordinates: ['org.example:app:1.1:war'] }));
    expect(error).toMatchObject({ exitCode: ExitCode.definition, problems: [{ message: 'app-1.1.war is not in lock.json' }] });
  });

  it('says what the cache lacks with --offline', async () => {
    const wanted = request({ locked: LOCKED });
    wanted.guest = { ...wanted.guest, archive: { offline: true } };
    expect(await failure(wanted)).toMatchObject({
      exitCode: ExitCode.source,
      message: 'Artifact app: app-1.0.war is not in the download cache',
    });
  });

  it('puts another file in the place of the artifact, under its name', async () => {
    const override = join(lab, 'mine-2.war');
    writeFileSync(override, 'mine');
    const wanted = request({ override, locked: LOCKED }, { as: 'app.war' });
    const { folder } = await fetch(wanted);
    const root = join(lab, 'root');
    const owners = await placeArtifact({ ...wanted, rootfs: '' }, folder, root, test.ctx, new Cleanup());
    expect(owners).toEqual([{ path: '/opt/app/app.war', owner: 'tomcat' }]);
    expect(readFileSync(join(root, 'opt/app/app.war'), 'utf8')).toBe('mine');
    rmSync(root, { recursive: true });
  });
});
