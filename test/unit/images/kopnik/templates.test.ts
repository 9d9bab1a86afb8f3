import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { packageRoot } from '../../../../builder/kit/paths.ts';
import { renderTemplate } from '../../../../firstboot/apply/template/render.ts';
import type { TemplateFormat } from '../../../../firstboot/contract/step.ts';
import { applyDefaults } from '../../../../firstboot/settings/index.ts';

const IMAGE = join(packageRoot(), 'images', 'kopnik');
const read = (path: string): Promise<string> => readFile(join(IMAGE, path), 'utf8');

async function rendered(template: string, format: TemplateFormat, changes: { product?: object; mail?: object } = {}): Promise<string> {
  const answers = parse(await read('sample/answers.yaml')) as Record<string, object>;
  const changed = { ...answers, product: { ...answers.product, ...changes.product }, mail: changes.mail ?? answers.mail };
  const settings = applyDefaults(changed, JSON.parse(await read('settings.schema.json')) as object);
  const secrets = { database: 'db-secret', visualizer: 'visualizer-secret' };
  return renderTemplate(await read(`templates/${template}`), format, { settings, secrets, unit: { name: 'kopnik' } }, template);
}

interface Stack {
  services: Record<string, Service>;
  secrets: object;
}

interface Service {
  image: string;
  labels: object;
  command?: string[];
  ports?: object[];
  deploy: { endpoint_mode: string };
  volumes?: (string | object)[];
}

const stack = async (changes = {}): Promise<Stack> => parse(await rendered('compose.yaml.hbs', 'yaml', changes), { merge: true }) as Stack;

describe('the stack', () => {
  it('has the services of the instructions, from images of the unit alone', async () => {
    const { services } = await stack();
    expect(Object.keys(services)).toEqual(['postgres', 'mail', 'crossbar', 'server', 'nginx', 'visualizer']);
    for (const [name, service] of Object.entries(services)) expect(service.image).toBe(`unit/${name}:latest`);
  });

  it('states the parameters of PostgreSQL', async () => {
    expect((await stack()).services['postgres']?.command).toEqual([
      '-cmax_connections=1000',
      '-cshared_buffers=512MB',
      '-ceffective_cache_size=1024MB',
      '-cwork_mem=40MB',
    ]);
  });

  it('publishes 80 and 443 of nginx on the unit itself, and nothing else', async () => {
    const { services } = await stack();
    const published = Object.entries(services).flatMap(([name, { ports = [] }]) => ports.map((port) => ({ name, ...port })));
    expect(published).toMatchObject([
      { name: 'nginx', published: 80, mode: 'host' },
      { name: 'nginx', published: 443, mode: 'host' },
    ]);
    for (const { deploy } of Object.values(services)) expect(deploy.endpoint_mode).toBe('dnsrr');
  });

  it('has a visualizer only where the owner wants one, behind a log-in', async () => {
    const off = { product: { visualizer: false } };
    expect((await stack(off)).services).not.toHaveProperty('visualizer');
    expect(await rendered('nginx.conf', 'nginx', off)).not.toContain('visualizer');
    expect(await rendered('nginx.conf', 'nginx')).toMatch(/location \/visualizer\/ \{\s+auth_basic /);
    expect(await rendered('visualizer.htpasswd', 'text')).toBe('kopnik:{PLAIN}visualizer-secret\n');
  });

  it('mounts the folders of the instructions', async () => {
    const { services } = await stack();
    expect(services['crossbar']?.volumes).toContain('/home/ubuntu/sftp/kp-client:/srv/kp-client:ro');
    expect(services['server']?.volumes).toContain('/home/ubuntu/sftp/kp-server:/srv/kp-server');
    expect(services['nginx']?.volumes).toContain('/home/ubuntu/sftp/kp-client:/srv/kp-client:ro');
  });

  it('is replaced by Swarm where the image or a mounted file of that very service is another', async () => {
    const { services } = await stack();
    for (const [name, { labels }] of Object.entries(services)) expect(labels).toEqual({ 'unit.version': `\${VERSION_${name}}` });
  });

  it('shows no file through a link that somebody else made', async () => {
    expect(await rendered('nginx.conf', 'nginx')).toContain('disable_symlinks if_not_owner from=/srv/kp-client;');
  });
});

describe('mail', () => {
  it.each([
    [{ mode: 'none' }, 'default_transport = error:this unit sends no mail'],
    [{ mode: 'direct' }, 'smtp_tls_security_level = may'],
    [
      { mode: 'relay', host: 'mail.example.org', security: 'none', port: 2525 },
      'relayhost = [mail.example.org]:2525\nsmtp_tls_security_level = none\n',
    ],
    [
      { mode: 'relay', host: 'mail.example.org', security: 'tls', port: 465 },
      'smtp_tls_security_level = secure\nsmtp_tls_wrappermode = yes\n',
    ],
    [{ mode: 'relay', host: 'mail.example.org', security: 'starttls', port: 587 }, 'smtp_tls_wrappermode = no\n'],
  ])('%o', async (mail, expected) => {
    expect(await rendered('main.cf', 'text', { mail })).toContain(expected);
  });

  it('logs in at the relay where it has to', async () => {
    const mail = { mode: 'relay', host: 'mail.example.org', port: 587, security: 'starttls', user: 'u', password: 'p w:d' };
    expect(await rendered('sasl_passwd', 'text', { mail })).toBe('[mail.example.org]:587 u:p w:d\n');
    expect(await rendered('main.cf', 'text', { mail })).toContain('smtp_sasl_auth_enable = yes');
    expect((await rendered('sasl_passwd', 'text', { mail: { mode: 'none' } })).trim()).toBe('');
  });
});
