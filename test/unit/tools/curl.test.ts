import { describe, expect, it } from 'vitest';

import { ExitCode } from '../../../builder/kit/errors.ts';
import { curlArgs, curlDownload, outcomeOf } from '../../../builder/tools/curl.ts';
import { testContext } from '../../helpers/context.ts';

describe('curlArgs', () => {
  it('takes the address from standard input and never from argv', () => {
    const args = curlArgs('/tmp/file');
    expect(args.slice(-2)).toEqual(['--config', '-']);
    expect(args.some((arg) => arg.includes('://'))).toBe(false);
  });

  it('does not follow a redirect from http to a file of this machine', () => {
    const args = curlArgs('/tmp/file');
    expect(args[args.indexOf('--proto-redir') + 1]).toBe('=http,https');
  });
});

describe('outcomeOf', () => {
  it.each([
    [0, 200, { done: true }],
    [22, 404, { done: false, transient: false, restart: false }],
    [22, 403, { done: false, transient: false, restart: false }],
    [22, 503, { done: false, transient: true, restart: false }],
    [22, 429, { done: false, transient: true, restart: false }],
    [22, 416, { done: false, transient: false, restart: true }],
    [33, 200, { done: false, transient: false, restart: true }],
    [18, 200, { done: false, transient: true, restart: false }],
    [7, 0, { done: false, transient: true, restart: false }],
    [60, 0, { done: false, transient: false, restart: false }],
  ])('exit code %i with status %i', (exitCode, status, expected) => {
    expect(outcomeOf(exitCode, status, 'curl: (0) text')).toMatchObject(expected);
  });

  it('gives the reason without the name of the program', () => {
    expect(outcomeOf(22, 404, 'curl: (22) The requested URL returned error: 404\n')).toMatchObject({
      why: '(22) The requested URL returned error: 404',
    });
  });
});

describe('curlDownload', () => {
  it.each(['http://127.0.0.1:1/a\nupload-file = "/etc/passwd"', 'http://127.0.0.1:1/\u0000'])('refuses the address %j', async (url) => {
    // Without curl: nothing is started.
    await expect(curlDownload(testContext({ env: { PATH: '' } }).ctx, url, '/nowhere')).rejects.toMatchObject({
      exitCode: ExitCode.source,
      message: expect.stringContaining('control characters'),
    });
  });
});
