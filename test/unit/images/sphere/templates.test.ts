import { describe, expect, it } from 'vitest';

import { imageFile, rendered, SECRETS, sampleSettings } from './image.ts';
import { NGINX, SUPERVISOR, UWSGI } from './seed.ts';

function lines(text: string): string[] {
  return text.split('\n').map((line) => line.trim());
}

describe('templates of sphere', () => {
  it('write the uWSGI file of the instructions, with a socket for nginx alone', async () => {
    const text = lines(await rendered('my_project.ini', 'ini'));
    expect(text).toEqual(expect.arrayContaining([...UWSGI, 'chown-socket = www:www-data', 'chmod-socket = 660']));
    expect(text.filter((line) => line !== '')).toHaveLength(UWSGI.length + 2);
  });

  it("write the supervisor file of the instructions; systemd's patience exceeds supervisor's", async () => {
    const text = lines(await rendered('supervisor.conf', 'ini'));
    expect(text).toEqual(expect.arrayContaining([...SUPERVISOR, 'directory=/home/www/my_project']));
    const patience = /TimeoutStopSec=(\d+)/.exec(await imageFile('rootfs/etc/systemd/system/supervisor.service.d/60-sphere.conf'));
    expect(Number(patience?.[1])).toBeGreaterThan(600);
  });

  it('write the nginx site of the instructions, over HTTPS', async () => {
    const text = await rendered('nginx.conf', 'nginx');
    expect(lines(text)).toEqual(expect.arrayContaining([...NGINX, 'listen 443 ssl default_server;']));
    expect(text.match(/\{/g)).toHaveLength(text.match(/\}/g)?.length ?? 0);
  });

  it('follow the settings', async () => {
    const settings = await sampleSettings({ product: { workers: 7, uploadLimit: 200 } });
    expect(await rendered('my_project.ini', 'ini', settings)).toContain('processes = 7\n');
    expect(await rendered('nginx.conf', 'nginx', settings)).toContain('client_max_body_size 200m;');
  });

  it('keep the queue to this machine and to its own account', async () => {
    const text = lines(await rendered('rabbitmq.conf', 'text'));
    expect(text).toEqual(expect.arrayContaining(['listeners.tcp.local = 127.0.0.1:5672', `default_pass = ${SECRETS.broker}`]));
    expect(await rendered('erlang.cookie', 'text')).toBe(SECRETS.cookie);
    expect(await imageFile('rootfs/etc/rabbitmq/rabbitmq-env.conf')).toMatch(/^NODENAME=rabbit@localhost$/m);
  });
});
