import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { inspectImage } from '../../../../builder/definition/inspect.ts';
import { renderTemplate } from '../../../../firstboot/apply/template/render.ts';
import { startOrder } from '../../../../firstboot/contract/ordering.ts';
import { predecessors } from '../../../../firstboot/contract/service.ts';
import type { TemplateFormat } from '../../../../firstboot/contract/step.ts';
import { wantedCertificate } from '../../../../firstboot/sections/certificate/names.ts';
import { applyDefaults, type SettingSchema, validateAnswers } from '../../../../firstboot/settings/index.ts';
import { settingsOf } from '../../../../firstboot/settings/walk.ts';
import { definition, IMAGE, imageFile, versions } from './image.ts';

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

  it('has one version of Elasticsearch in all its parts', () => {
    const { elasticsearch = '' } = versions;
    const descriptor = imageFile('rootfs/opt/elasticsearch/modules/reindex/plugin-descriptor.properties');
    for (const name of ['version', 'elasticsearch.version']) expect(descriptor).toContain(`\n${name}=${elasticsearch}\n`);
    for (const name of ['reindex-client', 'elasticsearch-rest-client', 'elasticsearch-ssl-config'])
      expect(versions[name]).toBe(elasticsearch);
  });

  it.each(['README.md', 'README.ja.md'])('has its settings, versions and commands in %s', (name) => {
    const readme = imageFile(name);
    for (const setting of Object.keys(schema.properties ?? {})) expect(readme).toContain(`\`product.${setting}`);
    expect(readme).toContain(`Elasticsearch ${/^\d+\.\d+/.exec(versions['elasticsearch'] ?? '')?.[0]}`);
    expect(readme).toContain(`Tomcat ${/^\d+/.exec(versions['tomcat'] ?? '')?.[0]}`);
    const commands = (text: string) => /```sh\n([\s\S]*?)```/.exec(text)?.[1]?.replaceAll(/^#.*$/gm, '#');
    expect(commands(readme)).toBe(commands(imageFile('README.md')));
  });
});

describe("personium's settings file", () => {
  it('has what the image decides, and nothing that has no value', () => {
    expect(properties(rendered('personium-unit-config.properties', 'properties'))).toEqual({
      unitScheme: 'https',
      'unitUser.issuers': 'personium-localunit:unitadmin:/',
      'pathBasedCellUrl.enabled': 'false',
      masterToken: '',
      'x509.crt': '/etc/personium/x509/unit.crt',
      'x509.key': '/etc/personium/x509/unit.key',
      'security.secret16': SECRETS.secret16,
      'security.auth.password.salt': SECRETS.salt,
      'security.dav.encrypt.enabled': 'false',
      'security.token.defaultScope.ropc': 'root',
      'security.token.defaultScope.assertion': 'propfind',
      'security.token.defaultScope.grant_code': 'propfind',
      'authn.account.lockCount': '3',
      'authn.account.lockTime': '60',
      'authn.account.validAuthnInterval': '1',
      'es.hosts': '127.0.0.1:9200',
      'es.unitPrefix': 'u0',
      'es.index.numberOfShards': '1',
      'es.index.numberOfReplicas': '0',
      'lock.type': 'memcached',
      'lock.memcached.host': '127.0.0.1',
      'lock.memcached.port': '11211',
      'cache.type': 'memcached',
      'cache.memcached.host': '127.0.0.1',
      'cache.memcached.port': '11212',
      'eventbus.mq': 'activemq',
      'eventbus.broker': 'failover:(tcp://127.0.0.1:61616)',
      'engine.host': '127.0.0.1',
      'engine.port': '18888',
      'engine.path': 'personium-engine',
      'blobStore.root': '/var/lib/personium/dav',
      'binaryData.fsync.enabled': 'true',
      'event.log.current.dir': '/var/lib/personium/eventlog',
      'bar.tmp.dir': '/var/lib/personium/bar',
      'bar.file.maxSize': '100',
      'bar.entry.maxSize': '10',
      'cellSnapshot.root': '/var/lib/personium/snapshot',
      'dav.childresource.maxnum': '1024',
      'plugin.path': '/run/personium/plugins',
      'oidc.google.trustedClientIds': '',
    });
    expect(rendered('personium-unit-config.properties', 'properties')).not.toMatch(/undefined|\{\{/);
  });

  it('follows the settings', () => {
    const pages = { cell: 'https://apps.example.org/home', logIn: 'https://apps.example.org/in' };
    const product = {
      cellUrls: 'path',
      pages,
      shards: 4,
      fsync: false,
      googleClientIds: 'one two',
      coordination: { unitUserIssuers: ['https://admin.example.net/', 'personium-localunit:root:/'] },
      introspection: { user: 'broker', password: 'pass=word' },
    };
    expect(properties(rendered('personium-unit-config.properties', 'properties', product))).toMatchObject({
      'pathBasedCellUrl.enabled': 'true',
      'unitUser.issuers': 'personium-localunit:unitadmin:/ https://admin.example.net/ personium-localunit:root:/',
      'cell.relayhtmlurl.default': pages.cell,
      'cell.authorizationhtmlurl.default': pages.logIn,
      'es.index.numberOfShards': '4',
      'binaryData.fsync.enabled': 'false',
      'oidc.google.trustedClientIds': 'one two',
      'introspect.username': 'broker',
      'introspect.password': 'pass=word',
    });
  });

  it("takes the owner's own lines, which change nothing that the image sets", () => {
    const lines = ['dav.depth.maxnum=99', 'security.auth.password.regex=^\\\\S{8,64}$', 'masterToken=known', 'x509.key=/etc/shadow'];
    const product = { extraProperties: lines.map((line) => `io.personium.core.${line}`) };
    const answers = { ...settings(product), schemaVersion: 1 };
    expect(validateAnswers(answers, schema)).toEqual([]);
    const text = rendered('personium-unit-config.properties', 'properties', product);
    const without = properties(rendered('personium-unit-config.properties', 'properties'));
    expect(properties(text)).toEqual({ ...without, 'dav.depth.maxnum': '99', 'security.auth.password.regex': '^\\S{8,64}$' });
  });

  it.each([
    'masterToken=x',
    'io.personium.core.introspect.password=in-clear',
    'io.personium.core.dav.depth.maxnum',
    'io.personium.core.a=b\nio.personium.core.masterToken=x',
    // Would take the next line in, or not be read at all.
    'io.personium.core.a=b\\',
    'io.personium.core.a=\\u12',
  ])('refuses the line %j', (line) => {
    expect(validateAnswers({ ...settings({ extraProperties: [line] }), schemaVersion: 1 }, schema)).toHaveLength(1);
  });

  it('wants a password with the user of the introspection', () => {
    expect(validateAnswers({ ...settings({ introspection: { user: 'broker' } }), schemaVersion: 1 }, schema)).not.toEqual([]);
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

  it('each has a log of its own, which has an end', () => {
    expect(logging).toContain('<resource>io/personium/engine/PersoniumEngineApplication.class</resource>');
    expect(logging).toContain('<property name="log" value="/var/log/personium/${application.${isEngine}}" />');
    const appender = /<appender name="file"[\s\S]*?<\/appender>/.exec(logging)?.[0];
    expect(appender).toContain('<file>${log}.log</file>');
    expect(appender).toContain('SizeAndTimeBasedRollingPolicy');
    for (const member of ['maxFileSize', 'maxHistory', 'totalSizeCap']) expect(appender).toContain(`<${member}>`);
  });
});

/** The members of a unit file, the last one of a name. */
const unitFile = (name: string) =>
  Object.fromEntries([...imageFile(`rootfs/etc/systemd/system/${name}`).matchAll(/^(\w+)=(.*)$/gm)].map(([, key, value]) => [key, value]));

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

describe('the units', () => {
  const shared: Record<string, string> = { 'memcached-lock': 'memcached-.service.d', 'memcached-cache': 'memcached-.service.d' };

  it.each(Object.keys(definition.services))('%s is confined and has limits', (name) => {
    const dropIn = name === 'nginx' ? 'nginx.service.d' : shared[name];
    const unit = unitFile(dropIn === undefined ? `${name}.service` : `${dropIn}/60-personium.conf`);
    expect(unit).toMatchObject({ NoNewPrivileges: 'yes', ProtectHome: 'yes', PrivateTmp: 'yes', PrivateDevices: 'yes' });
    // nginx writes to /var without saying where, so /usr and /etc are all that it cannot write to.
    expect(unit['ProtectSystem']).toBe(name === 'nginx' ? 'full' : 'strict');
    expect(Number(unit['LimitNOFILE'])).toBeGreaterThanOrEqual(16384);
  });
});

describe("Tomcat's unit", () => {
  it('comes to an end with its attempts, however long each is, and counts only those in vain', () => {
    const unit = unitFile('tomcat.service');
    const attempt = Number(unit['TimeoutStartSec']) + Number(unit['TimeoutStopSec']) + Number(unit['RestartSec']);
    expect(unit).toMatchObject({ Restart: 'always', RestartMode: 'direct', StartLimitIntervalSec: '4h' });
    expect(Number(unit['StartLimitBurst']) * attempt).toBeLessThan(4 * 3600);
    expect(imageFile('rootfs/etc/systemd/system/tomcat.service')).toMatch(
      /\nExecStartPost=\/usr\/lib\/personium\/core-deployed\n(#.*\n)*ExecStartPost=-\+\/usr\/bin\/systemctl reset-failed tomcat\.service\n/,
    );
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
