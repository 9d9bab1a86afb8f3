import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { ImageDefinition } from '../../../../builder/definition/definition.ts';
import { inspectImage } from '../../../../builder/definition/inspect.ts';
import { packageRoot } from '../../../../builder/kit/paths.ts';
import { renderTemplate } from '../../../../firstboot/apply/template/render.ts';
import { startOrder } from '../../../../firstboot/contract/ordering.ts';
import { predecessors } from '../../../../firstboot/contract/service.ts';
import type { TemplateFormat } from '../../../../firstboot/contract/step.ts';
import { wantedCertificate } from '../../../../firstboot/sections/certificate/names.ts';
import { applyDefaults, type SettingSchema, validateAnswers } from '../../../../firstboot/settings/index.ts';
import { settingsOf } from '../../../../firstboot/settings/walk.ts';

const IMAGE = join(packageRoot(), 'images', 'personium');
const imageFile = (path: string): string => readFileSync(join(IMAGE, path), 'utf8');
const definition = parse(imageFile('image.yaml')) as ImageDefinition;
const schema = JSON.parse(imageFile('settings.schema.json')) as SettingSchema;
const SECRETS = { secret16: '0123456789abcdef', salt: 'sa=lt', unitadmin: 'pass' };

function settings(product: object = {}) {
  const answers = parse(imageFile('sample/answers.yaml')) as { product: object };
  return applyDefaults({ ...answers, product: { ...answers.product, ...product } }, schema);
}

function rendered(template: string, format: TemplateFormat, product?: object): string {
  return renderTemplate(imageFile(`templates/${template}`), format, { settings: settings(product), secrets: SECRETS, unit: {} }, template);
}

/** The properties of a file, as Java takes them: the last one of a name counts. */
function properties(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^io\.personium\.core\./.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name.replace('io.personium.core.', ''), value.join('=').replaceAll(/\\(.)/g, '$1')];
    }),
  );
}

/** Coordinates of what comes from Maven, as `name: version`. */
const versions = Object.fromEntries(
  Object.values(definition.artifacts ?? {}).flatMap((artifact) =>
    artifact.kind === 'maven' ? artifact.coordinates.map((each) => each.split(':').slice(1, 3) as [string, string]) : [],
  ),
);

describe('the definition of personium', () => {
  it('has no finding', async () => {
    expect((await inspectImage(IMAGE, { cwd: IMAGE })).findings).toEqual([]);
  });

  it('speaks three languages', () => {
    const texts = [
      definition.title,
      definition.description,
      ...definition.steps.map(({ title }) => title),
      ...Object.values(definition.plugins ?? {}).map(({ title }) => title),
      ...Object.values(definition.services).map(({ title }) => title),
      ...settingsOf(schema).flatMap(({ schema: each }) => [each['x-titles'], each['x-help'] ?? each['x-titles']]),
    ];
    for (const text of texts) expect(Object.keys(text ?? {}).sort()).toEqual(['en', 'ja', 'ru']);
  });

  it("starts in the guide's order", () => {
    const middleware = ['activemq', 'elasticsearch', 'memcached-cache', 'memcached-lock'];
    expect(predecessors('tomcat', definition.services)).toEqual(middleware);
    expect(startOrder(definition.services)).toEqual([...middleware, 'tomcat', 'nginx']);
  });

  it('wants a domain', () => {
    expect(validateAnswers({ schemaVersion: 1 }, schema).map(({ message }) => message)).toEqual([
      '"domain.name" is missing: this product cannot do without',
    ]);
  });

  it('wants a wildcard for host names of Cells only', () => {
    const names = (cellUrls: string) => wantedCertificate(settings({ cellUrls }), { dns: definition.dns ?? [] }).names;
    expect(names('host')).toEqual(['personium.example.org', '*.personium.example.org']);
    expect(names('path')).toEqual(['personium.example.org']);
  });

  it('has one version of Elasticsearch in all its parts, and says in both READMEs what there is', () => {
    const { elasticsearch = '', tomcat = '', 'apache-activemq': activemq = '' } = versions;
    const descriptor = imageFile('rootfs/opt/elasticsearch/modules/reindex/plugin-descriptor.properties');
    for (const name of ['version', 'elasticsearch.version']) expect(descriptor).toContain(`\n${name}=${elasticsearch}\n`);
    for (const name of ['reindex-client', 'elasticsearch-rest-client', 'elasticsearch-ssl-config'])
      expect(versions[name]).toBe(elasticsearch);
    const readme = imageFile('README.md');
    const environment = readme.slice(readme.indexOf('## Environment'), readme.indexOf('## State'));
    for (const version of [elasticsearch, tomcat, activemq]) expect(environment).toContain(`| ${version} `);
    const ports = Object.values(definition.services).flatMap(({ ready }) => ('tcp' in ready ? [ready.tcp.replace('127.0.0.1:', '')] : []));
    for (const port of ports) expect(environment).toContain(port);
  });
});

describe("personium's settings file", () => {
  it('has what the image decides, and nothing that has no value', () => {
    expect(properties(rendered('personium-unit-config.properties', 'properties'))).toMatchObject({
      'unitUser.issuers': 'personium-localunit:unitadmin:/',
      'pathBasedCellUrl.enabled': 'false',
      masterToken: '',
      'security.secret16': SECRETS.secret16,
      'security.auth.password.salt': SECRETS.salt,
      'security.token.defaultScope.ropc': 'root',
      'security.token.defaultScope.assertion': 'propfind',
      'security.token.defaultScope.grant_code': 'propfind',
      'authn.account.lockCount': '3',
      'authn.account.lockTime': '60',
      'es.hosts': '127.0.0.1:9200',
      'es.index.numberOfShards': '1',
      'eventbus.broker': 'failover:(tcp://127.0.0.1:61616)',
      'binaryData.fsync.enabled': 'true',
      'oidc.google.trustedClientIds': '',
    });
    expect(rendered('personium-unit-config.properties', 'properties')).not.toMatch(/htmlurl|undefined|\{\{/);
  });

  it('follows the settings', () => {
    const pages = { cell: 'https://apps.example.org/home', logIn: 'https://apps.example.org/in' };
    const product = { cellUrls: 'path', pages, shards: 4, fsync: false, googleClientIds: 'one two' };
    expect(properties(rendered('personium-unit-config.properties', 'properties', product))).toMatchObject({
      'pathBasedCellUrl.enabled': 'true',
      'cell.relayhtmlurl.default': pages.cell,
      'cell.authorizationhtmlurl.default': pages.logIn,
      'es.index.numberOfShards': '4',
      'binaryData.fsync.enabled': 'false',
      'oidc.google.trustedClientIds': 'one two',
    });
  });
});

describe("personium's nginx site", () => {
  const site = rendered('nginx.conf', 'nginx');

  it('answers to the domain, and to names of Cells where they have some', () => {
    expect(site).toContain('server_name personium.example.org *.personium.example.org;');
    expect(rendered('nginx.conf', 'nginx', { cellUrls: 'path' })).toContain('server_name personium.example.org;');
    expect(rendered('nginx.conf', 'nginx', { limits: { upload: 7 } })).toContain('client_max_body_size 7m;');
  });

  /** The pattern of the map, which nginx (PCRE) and JavaScript read alike here. */
  const refused = [...site.matchAll(/^ +"(~\*?)(.+)" 1;$/gm)].map(
    ([, kind, pattern = '']) => new RegExp(pattern, kind === '~*' ? 'i' : ''),
  );

  it.each([
    '/__status',
    '/__status/',
    '/__status;x',
    '/x/__status',
    '//__status',
    '/__STATUS',
    '/%5f_status',
    '/..;/engine',
    '/a/.;x/b',
    '/a\\b',
  ])('%s is refused', (path) => {
    expect(refused.some((pattern) => pattern.test(path))).toBe(true);
  });

  it.each([
    '/',
    '/alice/',
    '/__ctl/Cell',
    "/__ctl/Cell('status')",
    '/box/status',
    '/box/__statuses',
    '/box/my__status',
    '/a;b/c',
    '/x.;y',
    '/...',
  ])('%s is not', (path) => {
    expect(refused.some((pattern) => pattern.test(path))).toBe(false);
  });
});

// As core 1.8.3 (logback.xml, EventUtils) and engine 1.6.0 (ExtensionJarLoader) have them: samples look elsewhere, or not at all.
describe('what the real applications look for', () => {
  const environment = /^-Dio\.personium\.environment=(.*)$/m.exec(imageFile('rootfs/usr/lib/personium/tomcat/java.options'))?.[1];
  const logging = imageFile('rootfs/usr/lib/personium/tomcat/conf/logback.xml');

  it('extensions are linked into the folder of the engine', () => {
    const deploy = imageFile('rootfs/usr/lib/personium/deploy');
    expect(deploy).toContain(`${environment}/personium-engine/extensions`);
    expect(deploy).toContain('extensions:personium-engine/extensions');
  });

  it('event logs are written where core reads them again', () => {
    const [, name] = /<logger name="io\.personium\.core\.rule\.action\.LogAction"[^>]*>\s*<appender-ref ref="(\w+)"/.exec(logging) ?? [];
    const appender = new RegExp(`<appender name="${name}" class="ch.qos.logback.classic.sift.SiftingAppender">[\\s\\S]*?</sift>`).exec(
      logging,
    )?.[0];
    expect(appender).toContain('<key>eventlog_path</key>');
    expect(appender).toContain('<file>${eventlog_path}/current/default.log</file>');
    expect(appender).toContain('${eventlog_path}/archive/default.log.%i.zip');
  });
});

describe("Tomcat's start", () => {
  it.each([
    ['200', process.pid, 0, ''],
    ['404', process.pid, 1, 'core is not deployed'],
    // Above the kernel's limit of process ids.
    ['000', 2 ** 22 + 1, 1, 'Tomcat has ended'],
  ])('core answers %s, Tomcat is %i: exit code %i', (status, pid, code, message) => {
    const script = imageFile('rootfs/usr/lib/personium/core-deployed').replace('$(/usr/lib/personium/core-answers)', status);
    const { status: exitCode, stderr } = spawnSync('sh', ['-c', script], {
      encoding: 'utf8',
      env: { MAINPID: String(pid) },
      timeout: 10_000,
    });
    expect([exitCode, stderr.trim()]).toEqual([code, message]);
  });
});

describe('the heap of Java', () => {
  const script = imageFile('rootfs/usr/lib/personium/java');

  it.each([
    [2048, 512, 384, 128],
    [4096, 819, 512, 256],
    [8192, 1638, 1024, 512],
    [262144, 8192, 4096, 1024],
  ])('follows the memory: %i MiB', (total, ...heaps) => {
    const program = script.replace(/^total=.*$/m, `total=${total}`).replace('exec /usr/bin/java', 'echo');
    const printed = ['elasticsearch', 'tomcat', 'activemq'].map((name) =>
      execFileSync('sh', ['-c', program, 'java', name], { encoding: 'utf8' }),
    );
    expect(printed.map((line) => Number(/-Xmx(\d+)m/.exec(line)?.[1]))).toEqual(heaps);
  });
});

describe('the key of the unit', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-x509-'));
  const script = imageFile('apply.d/10-unit-key')
    .replace('/etc/personium/x509', folder)
    .replace('shutil.chown(part, "root", "personium")', 'pass');

  function step(verb: string, domain: string, coordination: object = {}): { status: number; said: string } {
    const input = JSON.stringify({ settings: { domain: { name: domain }, product: { coordination } } });
    try {
      return { status: 0, said: execFileSync('python3', ['-c', script, verb], { input, encoding: 'utf8', stdio: 'pipe' }) };
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: string };
      return { status, said: stderr };
    }
  }
  const openssl = (...argv: string[]): string => execFileSync('openssl', argv, { encoding: 'utf8', stdio: 'pipe' });
  const at = (name: string): string => join(folder, name);

  it('is made once, with a request and a certificate by the domain; a new domain makes new ones of the same key', () => {
    expect(step('check', 'one.example.org').status).toBe(1);
    expect(step('apply', 'one.example.org').status).toBe(0);
    expect(step('check', 'one.example.org').status).toBe(0);
    const key = readFileSync(at('unit.key'), 'utf8');
    expect(key).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    expect(step('check', 'two.example.org').status).toBe(1);
    expect(step('apply', 'two.example.org').status).toBe(0);
    expect(readFileSync(at('unit.key'), 'utf8')).toBe(key);
    for (const [kind, name] of [['x509', 'unit.crt'] as const, ['req', 'unit.csr'] as const])
      expect(openssl(kind, '-in', at(name), '-noout', '-subject', '-nameopt', 'RFC2253').trim()).toBe('subject=CN=two.example.org');
  });

  it("takes an issuer's certificate of its own request, refuses another, and goes back", () => {
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=Issuer');
    openssl('x509', '-req', '-in', at('unit.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-out', at('given.pem'));
    const coordination = { certificate: readFileSync(at('given.pem'), 'utf8'), issuers: readFileSync(at('ca.pem'), 'utf8').repeat(2) };
    expect(step('check', 'two.example.org', coordination).status).toBe(1);
    expect(step('apply', 'two.example.org', coordination)).toMatchObject({ status: 0, said: expect.stringContaining('2 trusted issuers') });
    expect(step('check', 'two.example.org', coordination).status).toBe(0);
    expect(openssl('verify', '-CAfile', at('issuer-02.pem'), at('unit.crt'))).toContain('OK');

    const foreign = { certificate: coordination.issuers.slice(0, coordination.issuers.length / 2) };
    expect(step('apply', 'two.example.org', foreign)).toMatchObject({ status: 2, said: expect.stringContaining('not for this unit') });
    expect(step('check', 'two.example.org').status).toBe(1);
    expect(step('apply', 'two.example.org').status).toBe(0);
    expect(step('check', 'two.example.org').status).toBe(0);
  });
});
