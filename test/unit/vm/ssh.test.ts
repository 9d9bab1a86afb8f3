import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

import { sshArgv, sshCommandLine, sshGreets, sshMasterArgv } from '../../../builder/vm/ssh.ts';

const target = { user: 'root', port: 40022, keyFile: '/tmp/x y/key', controlPath: '/tmp/x y/ssh' };

describe('ssh arguments', () => {
  test('nothing of the user is read or written', () => {
    const argv = sshArgv(target, 'true');
    expect(argv.slice(0, 4)).toEqual(['-F', 'none', '-i', '/tmp/x y/key']);
    for (const option of [
      'BatchMode=yes',
      'IdentitiesOnly=yes',
      'IdentityAgent=none',
      'UserKnownHostsFile=/dev/null',
      'GlobalKnownHostsFile=/dev/null',
    ]) {
      expect(argv).toContain(option);
    }
    expect(argv.slice(-4)).toEqual(['40022', 'root@127.0.0.1', '--', 'true']);
  });

  test('a command that looks like an option stays a command', () => {
    expect(sshArgv(target, '-oProxyCommand=evil').slice(-2)).toEqual(['--', '-oProxyCommand=evil']);
  });

  test('the shared connection is master, the others are not', () => {
    expect(sshMasterArgv(target)).toContain('ControlMaster=yes');
    expect(sshMasterArgv(target)).toContain('-N');
    expect(sshArgv(target)).toContain('ControlMaster=no');
    expect(sshArgv({ user: 'root', port: 1, keyFile: '/k' })).toContain('ControlPath=none');
  });

  test('what a person types is quoted', () => {
    expect(sshCommandLine(target)).toMatch(/^ssh -i '\/tmp\/x y\/key' .* -p 40022 root@127\.0\.0\.1$/);
  });
});

describe('sshGreets', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterEach(() => servers.splice(0).forEach((server) => void server.close()));

  async function serve(first: string | undefined): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      if (first !== undefined) socket.write(first);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  }

  test('an SSH server greets', async () => {
    expect(await sshGreets(await serve('SSH-2.0-OpenSSH_10.0p2 Debian-7\r\n'), 2000)).toBe(true);
  });

  test('a port that accepts and stays silent, or says something else, does not', async () => {
    expect(await sshGreets(await serve(undefined), 200)).toBe(false);
    expect(await sshGreets(await serve('220 smtp\r\n'), 2000)).toBe(false);
  });

  test('nor does a port where nobody listens', async () => {
    const port = await serve(undefined);
    await new Promise((resolve) => servers.splice(0)[0]!.close(resolve));
    expect(await sshGreets(port, 2000)).toBe(false);
  });
});
