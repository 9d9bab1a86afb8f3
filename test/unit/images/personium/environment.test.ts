import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { definition, IMAGE, imageFile, versions } from './image.ts';

const BEGIN = '<!-- environment: begin -->\n\n';
const END = '\n\n<!-- environment: end -->';

/** What a file of the image says, by a pattern with one group; all there is of it. */
function said(file: string, pattern: RegExp): string {
  const found = [...imageFile(file).matchAll(new RegExp(pattern, 'gm'))].map(([, value]) => value);
  if (found.length === 0) throw new Error(`${file} does not say ${pattern}`);
  return found.join(', ');
}

const unit = (name: string, member: string): string => said(`rootfs/etc/systemd/system/${name}`, new RegExp(`^${member}=(\\S+)`));

function folderOf(artifact: string): string {
  const found = definition.artifacts?.[artifact];
  if (found === undefined || !('into' in found) || found.into === undefined) throw new Error(`${artifact} is nowhere`);
  return found.into;
}

function writtenBy(id: string): string {
  const step = definition.steps.find((each) => each.id === id);
  if (step?.use === 'template') return step.with.to;
  if (step?.use === 'directory') return step.with.path;
  throw new Error(`${id} writes nothing`);
}

/** The image's package of that name. */
function debians(name: RegExp): string {
  const found = definition.packages.find((each) => name.test(each));
  if (found === undefined) throw new Error(`no package is called ${name}`);
  const [, java] = name.exec(found) ?? [];
  return java === undefined ? "Debian's" : `Debian's OpenJDK ${java}`;
}

/** Versions, paths, ports and users as the image's own files have them. */
function environment(): string {
  const memcachedPorts = ['lock', 'cache'].map((name) =>
    said(`rootfs/etc/systemd/system/memcached-${name}.service`, /^ExecStart=.* -p (\d+) /),
  );
  expect(unit('memcached-.service.d/60-personium.conf', 'DynamicUser')).toBe('yes');
  expect(definition.artifacts?.['personium-core']?.kind).toBe('file');
  return [
    ['what', 'version', 'program', 'settings', 'data', 'port, on loopback', 'user'],
    Array<string>(7).fill('---'),
    [
      'nginx',
      debians(/^nginx$/),
      '/usr/sbin/nginx',
      writtenBy('nginx-configuration'),
      '/var/log/nginx',
      `${definition.ports.map(({ port }) => port).join(', ')} (all)`,
      'www-data',
    ],
    [
      'Tomcat',
      versions['tomcat'],
      folderOf('tomcat'),
      `${said('rootfs/usr/lib/personium/tomcat/java.options', /^-Dcatalina\.base=(.*)$/)}/conf`,
      `/var/cache/${unit('tomcat.service', 'CacheDirectory')}`,
      said('rootfs/usr/lib/personium/tomcat/conf/server.xml', /<Connector [^>]*\bport="(\d+)"/),
      unit('tomcat.service', 'User'),
    ],
    [
      'personium-core',
      'sample',
      folderOf('personium-core'),
      writtenBy('configuration'),
      `/var/lib/${unit('tomcat.service', 'StateDirectory')}`,
      '',
      '',
    ],
    ['unit certificate', '', '', writtenBy('identity-folder'), '', '', ''],
    ['TLS certificate', '', '', said('templates/nginx.conf', /ssl_certificate (\S+)\/fullchain\.pem;/).split(', ')[0], '', '', ''],
    [
      'Elasticsearch',
      versions['elasticsearch'],
      folderOf('elasticsearch'),
      said('rootfs/etc/systemd/system/elasticsearch.service', /^ExecStartPre=\/usr\/bin\/cp .* (\/etc\/\S+) /),
      said('rootfs/etc/elasticsearch/elasticsearch.yml', /^path\.data: (.*)$/),
      said('rootfs/etc/elasticsearch/elasticsearch.yml', /^(?:http|transport)\.port: (\d+)$/),
      unit('elasticsearch.service', 'User'),
    ],
    [
      'ActiveMQ',
      versions['apache-activemq'],
      folderOf('activemq'),
      said('rootfs/etc/activemq/java.options', /^-Dactivemq\.conf=(.*)$/),
      said('rootfs/etc/activemq/java.options', /^-Dactivemq\.data=(.*)$/),
      said('rootfs/etc/activemq/activemq.xml', /uri="tcp:\/\/127\.0\.0\.1:(\d+)/),
      unit('activemq.service', 'User'),
    ],
    [
      'memcached',
      debians(/^memcached$/),
      unit('memcached-lock.service', 'ExecStart'),
      '/etc/systemd/system/memcached-*.service',
      '',
      memcachedPorts.join(', '),
      'one each, dynamic',
    ],
    [
      'Java',
      debians(/^openjdk-(\d+)-jre-headless$/),
      said('rootfs/usr/lib/personium/java', /^exec (\S+) /),
      '`java.options` beside each settings',
      '',
      '',
      '',
    ],
  ]
    .map((cells) => `| ${cells.map((cell = '') => (cell.startsWith('/') ? `\`${cell}\`` : cell)).join(' | ')} |`)
    .join('\n');
}

/** Without the padding of a table. */
const compact = (table: string): string => table.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');

it("README.md has the environment as the image's files make it", () => {
  const text = imageFile('README.md');
  const from = text.indexOf(BEGIN) + BEGIN.length;
  const to = text.indexOf(END);
  expect(to).toBeGreaterThan(from);
  // To renew it: UNITSMITH_WRITE_REFERENCE=1 npx vitest run --project fast test/unit/images/personium/environment
  if (process.env['UNITSMITH_WRITE_REFERENCE'] !== undefined)
    writeFileSync(join(IMAGE, 'README.md'), text.slice(0, from) + environment() + text.slice(to));
  else expect(compact(text.slice(from, to))).toBe(compact(environment()));
});
