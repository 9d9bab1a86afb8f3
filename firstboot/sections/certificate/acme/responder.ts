/**
 * Who answers the authority at port 80 (http-01): the product's web server where it serves our folder, as images are asked
 * to; the client itself where nothing listens there. Which it is, is tried, not declared.
 */
import { randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';

import { makeFolder, removeFile, writeFileAtomic } from '../../../kit/files.ts';
import type { System } from '../../../kit/system.ts';
import { CERTIFICATE_PATHS } from '../paths.ts';
import { AcmeProblem } from './problems.ts';

const CHALLENGES = '.well-known/acme-challenge';
/** curl's exit code where nothing listens. */
const REFUSED = 7;

export interface HttpPlace {
  /** Where the authority asks: 80 (RFC 8555, 8.3). */
  httpPort: number;
  /** On which the client listens there; all where empty. */
  httpAddress: string;
}

/** Arguments of the client for the way that is open. @throws AcmeProblem where the port is another's */
export async function httpArguments(system: System, name: string, { httpPort: port, httpAddress }: HttpPlace): Promise<string[]> {
  const webroot = system.path(CERTIFICATE_PATHS.webroot);
  const folder = join(webroot, CHALLENGES);
  await makeFolder(folder);
  // Readable for the web server's user, whatever the umask was.
  for (const each of [join(webroot, '..'), webroot, join(webroot, '.well-known'), folder]) await chmod(each, 0o755);
  const token = `unit-${randomBytes(16).toString('hex')}`;
  await writeFileAtomic(join(folder, token), token);
  try {
    const url = `http://127.0.0.1:${port}/${CHALLENGES}/${token}`;
    const args = ['--silent', '--noproxy', '*', '--max-time', '10', '--header', `Host: ${name}`, '--url', url];
    const any = Array.from({ length: 100 }, (_, code) => code);
    const { exitCode, stdout } = await system.run('curl', args, { okExitCodes: any });
    if (stdout === token) return ['--http', '--http.webroot', webroot];
    if (exitCode === REFUSED) return ['--http', '--http.port', `${httpAddress}:${port}`];
    throw new AcmeProblem('port-taken', `port ${port}`);
  } finally {
    await removeFile(join(folder, token));
  }
}
