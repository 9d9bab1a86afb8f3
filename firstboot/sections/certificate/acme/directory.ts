/** An authority's directory (RFC 8555, 7.1.1), and requests to it by curl(1), whose exit codes tell failures apart. */
import { ProgramError } from '../../../kit/errors.ts';
import type { System } from '../../../kit/system.ts';
import { AcmeProblem, type ProblemCode } from './problems.ts';

export interface Directory {
  newAccount: string;
  newNonce: string;
  terms: string | undefined;
  /** Accounts must be bound to those of customers (7.3.4). */
  binding: boolean;
}

export interface Answer {
  status: number;
  /** Lower-case names; the last value of each. */
  headers: Record<string, string>;
  body: string;
}

export interface Asking {
  /** File with the roots that the authority's own certificate is held to; the system's where absent. */
  roots?: string;
  /** HTTP proxy on the way. */
  proxy?: string;
  /** Body of a POST. */
  body?: string;
}

const SECONDS = 30;
/** curl's exit codes (curl(1), EXIT CODES): no such host; a certificate that no root stands behind, or of another host. */
const CODES = new Map<number, ProblemCode>([
  [3, 'directory-wrong'],
  [6, 'directory-name'],
  [51, 'directory-untrusted'],
  [60, 'directory-untrusted'],
  [77, 'directory-untrusted'],
]);

/** @throws AcmeProblem where the server cannot be reached or trusted; any status is an answer */
export async function ask(system: System, url: string, { roots, proxy, body }: Asking = {}): Promise<Answer> {
  const args = [
    ...['--silent', '--show-error', '--proto', '=https', '--max-time', String(SECONDS), '--max-filesize', '1000000'],
    ...(roots === undefined ? [] : ['--cacert', roots]),
    ...(proxy === undefined ? [] : ['--proxy', proxy]),
    ...(body === undefined ? [] : ['--header', 'Content-Type: application/jose+json', '--data-binary', '@-']),
    ...['--write-out', '%{stderr}{"status":%{http_code},"headers":%{header_json}}'],
    ...['--url', url],
  ];
  try {
    const { stdout, stderr } = await system.run('curl', args, { timeout: SECONDS + 10, ...(body === undefined ? {} : { input: body }) });
    const { status, headers } = JSON.parse(stderr) as { status: number; headers: Record<string, string[]> };
    return {
      status,
      headers: Object.fromEntries(Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values.at(-1) ?? ''])),
      body: stdout,
    };
  } catch (error) {
    if (!(error instanceof ProgramError) || error.failure.missing) throw error;
    throw new AcmeProblem(CODES.get(error.failure.exitCode ?? -1) ?? 'directory-unreachable', error.failure.tail[0] ?? error.message);
  }
}

/** @throws AcmeProblem */
export async function readDirectory(system: System, url: string, asking: Asking): Promise<Directory> {
  const { status, body } = await ask(system, url, asking);
  const data = parse(body);
  const { newAccount, newNonce, newOrder, meta } = data;
  if (status !== 200 || ![newAccount, newNonce, newOrder].every((each) => typeof each === 'string'))
    throw new AcmeProblem('directory-wrong', `status ${status}`);
  const more = (typeof meta === 'object' && meta !== null ? meta : {}) as Record<string, unknown>;
  return {
    newAccount: newAccount as string,
    newNonce: newNonce as string,
    terms: typeof more['termsOfService'] === 'string' ? more['termsOfService'] : undefined,
    binding: more['externalAccountRequired'] === true,
  };
}

function parse(body: string): Record<string, unknown> {
  try {
    const data = JSON.parse(body) as unknown;
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
