import { describe, expect, it } from 'vitest';

import { curlArgs, outcomeOf } from '../../../builder/tools/curl.ts';

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
