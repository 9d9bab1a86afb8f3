/** curl(1) as a downloader: the host's proxy and certificates count, log-ins go by standard input, never by argv. */
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { withoutCredentials } from '../kit/secrets.ts';

/** Arguments for one download into `file`, continuing what is there. The address comes on standard input. */
export function curlArgs(file: string, protocols: readonly string[] = ['http', 'https']): string[] {
  const allowed = `=${protocols.join(',')}`;
  return [
    ...[
      '--disable',
      '--silent',
      '--show-error',
      '--fail',
      '--location',
      '--max-redirs',
      '10',
      '--proto',
      allowed,
      '--proto-redir',
      allowed,
    ],
    ...['--netrc-optional', '--connect-timeout', '30', '--speed-limit', '1', '--speed-time', '60', '--continue-at', '-'],
    ...['--remote-time', '--output', file, '--write-out', '%{http_code}', '--config', '-'],
  ];
}

/** How a download ended: `done`, or why not, and whether trying again may help. */
export type CurlOutcome = { done: true } | { done: false; why: string; transient: boolean; restart: boolean };

/** curl(1), EXIT CODES: name resolution, connection, transfer cut, timeout, empty reply, TLS handshake, HTTP/2 stream. */
const TRANSIENT = [5, 6, 7, 16, 18, 28, 35, 52, 55, 56, 92];
/** The server cannot continue a download, or refuses the range: begin anew. */
const NO_RANGE = [33, 36];

const CONTROL = /\p{Cc}/u;

/** Every exit code is an answer here: curl's text is for people, its code and the HTTP status decide. */
const ANY_EXIT = Array.from({ length: 100 }, (_, code) => code);

/**
 * Downloads `url` (with its log-in, if any) into `file`.
 * @throws ToolError where curl is missing, UserError(source) for an address that is none.
 */
export async function curlDownload(ctx: Context, url: string, file: string, headers: readonly string[] = []): Promise<CurlOutcome> {
  if (CONTROL.test(url)) throw noAddress(url);
  const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;
  const config = [`url = ${quoted(url)}`, ...headers.map((header) => `header = ${quoted(header)}`)].join('\n');
  const args = curlArgs(file, url.startsWith('file:') ? ['file'] : ['http', 'https']);
  const result = await run(ctx, 'curl', args, { input: `${config}\n`, quiet: true, okExitCodes: ANY_EXIT });
  return outcomeOf(result.exitCode, Number(result.stdout), result.stderr);
}

function noAddress(url: string): UserError {
  return new UserError(`The address ${JSON.stringify(withoutCredentials(url))} holds control characters`, {
    exitCode: ExitCode.source,
    why: 'curl would take what follows a line break for settings of its own',
    remedies: ['correct it where it is written: image.yaml, or the settings of pip; `%20` stands for a blank'],
  });
}

/** Exported for its test. `status` is the HTTP status, 0 where there was none. */
export function outcomeOf(exitCode: number, status: number, stderr: string): CurlOutcome {
  if (exitCode === 0) return { done: true };
  const refused = exitCode === 22;
  return {
    done: false,
    why: stderr.replace(/^curl: /, '').trim(),
    transient: TRANSIENT.includes(exitCode) || (refused && (status === 408 || status === 429 || status >= 500)),
    restart: NO_RANGE.includes(exitCode) || (refused && status === 416),
  };
}
