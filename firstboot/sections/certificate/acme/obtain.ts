/** A certificate from an authority, by lego (Debian's package): RFC 8555. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { resolve4, resolve6 } from 'node:dns/promises';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { ProgramError } from '../../../kit/errors.ts';
import { makeFolder } from '../../../kit/files.ts';
import type { System } from '../../../kit/system.ts';
import { belongs } from '../inspect.ts';
import { CERTIFICATE_PATHS } from '../paths.ts';
import type { Pair } from '../place.ts';
import type { Acme } from '../schema.ts';
import { type Bound, bindAccount } from './account.ts';
import { credentialFiles } from './credentials.ts';
import { type Asking, type Directory, readDirectory } from './directory.ts';
import { AcmeProblem, problemIn } from './problems.ts';
import { type HttpPlace, httpArguments } from './responder.ts';

/** The outside, as far as tests need another one. */
export interface Outside extends HttpPlace {
  /** HTTP proxy by which the authority is reached. */
  proxy?: string;
  /** Addresses of a name in the DNS. @throws Error with code ENOTFOUND or ENODATA where it has none */
  addresses(name: string): Promise<string[]>;
}

export const OUTSIDE: Outside = {
  httpPort: 80,
  httpAddress: '',
  addresses: async (name) => {
    const [four, six] = await Promise.allSettled([resolve4(name), resolve6(name)]);
    if (four.status === 'fulfilled') return [...four.value, ...(six.status === 'fulfilled' ? six.value : [])];
    if (six.status === 'fulfilled') return six.value;
    throw four.reason;
  },
};

/** Not on a disk, for credentials are in it. */
const WORK = '/run/unit/acme-work';
/** Seconds: an authority asks from several places; a provider's name servers may take long to agree. */
const TIMEOUT = { 'http-01': 300, 'dns-01': 1800 } as const;

/** What the settings hold once they are valid. */
export type WholeAcme = Acme & Required<Pick<Acme, 'directory' | 'email' | 'challenge' | 'keyType'>>;

/**
 * Asks the authority for a certificate for `names`. The caller holds the unit's lock.
 * @throws AcmeProblem where it gives none
 */
export async function obtain(
  system: System,
  acme: WholeAcme,
  names: readonly string[],
  log: (line: string) => void,
  outside: Outside = OUTSIDE,
): Promise<Pair> {
  await makeFolder(system.path(CERTIFICATE_PATHS.client), 0o700);
  const work = system.path(WORK);
  // What a run left that was killed.
  await rm(work, { recursive: true, force: true });
  await makeFolder(dirname(work));
  await mkdir(work, { mode: 0o700 });
  try {
    if (wildcardNeedsDns(acme, names)) throw new AcmeProblem('wildcard-needs-dns', '');
    const asking = { ...(await writeRoots(acme, work)), ...(outside.proxy === undefined ? {} : { proxy: outside.proxy }) };
    await prepareAccount(system, acme, await readDirectory(system, acme.directory, asking), asking);
    const way = acme.challenge === 'http-01' ? await httpArguments(system, names[0] as string, outside) : ['--dns', acme.dnsProvider ?? ''];
    const env = {
      ...(asking.roots === undefined ? {} : { LEGO_CA_CERTIFICATES: asking.roots }),
      ...(outside.proxy === undefined ? {} : { HTTPS_PROXY: outside.proxy }),
      ...(await writeCredentials(system, acme, work)),
    };
    const args = clientArguments(acme, names, system.path(CERTIFICATE_PATHS.client), way);
    await system.run('lego', args, { env, timeout: TIMEOUT[acme.challenge], onLine: log });
    return await collect(system, acme, names[0] as string);
  } catch (error) {
    throw await explained(system, acme, names, error, outside);
  } finally {
    await rm(work, { recursive: true, force: true });
    // Keys do not lie about: the one in use is in its generation.
    await rm(system.path(join(CERTIFICATE_PATHS.client, 'certificates')), { recursive: true, force: true });
  }
}

/** RFC 8555 leaves it open; no authority takes http-01 for a wildcard (CA/Browser Forum, 3.2.2.4.18). */
export function wildcardNeedsDns({ challenge }: Acme, names: readonly string[]): boolean {
  return challenge === 'http-01' && names.some((name) => name.startsWith('*.'));
}

/** Options come before the command: `lego [options] run`. */
export function clientArguments(acme: WholeAcme, names: readonly string[], path: string, way: readonly string[]): string[] {
  const domains = names.flatMap((name) => ['--domains', name]);
  const options = ['--path', path, '--server', acme.directory, '--email', acme.email, '--key-type', acme.keyType];
  // The account is there already (`bindAccount`): lego wants the flag all the same, and no key with it.
  const binding = acme.eabKeyId === undefined ? [] : ['--eab'];
  return ['--accept-tos', ...binding, ...options, ...domains, ...way, 'run'];
}

/** For a check too: the folder is the caller's. */
export async function writeRoots({ roots }: Acme, folder: string): Promise<Asking> {
  if (roots === undefined) return {};
  await writeFile(join(folder, 'roots.pem'), roots);
  return { roots: join(folder, 'roots.pem') };
}

async function prepareAccount(system: System, acme: WholeAcme, directory: Directory, asking: Asking): Promise<void> {
  if (acme.eabKeyId !== undefined && acme.eabHmacKey !== undefined) return bindAccount(system, acme as Bound, directory, asking);
  if (directory.binding) throw new AcmeProblem('account-binding', '');
}

async function writeCredentials(system: System, { challenge, dnsCredentials = '' }: Acme, folder: string): Promise<Record<string, string>> {
  if (challenge !== 'dns-01') return {};
  const { env, files, values } = credentialFiles(dnsCredentials);
  for (const value of values) system.scrubber.register(value);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace('{folder}', folder)]));
}

/** What lego has written; it names files after the first name. */
async function collect(system: System, { directory, keyType }: WholeAcme, name: string): Promise<Pair> {
  const file = system.path(join(CERTIFICATE_PATHS.client, 'certificates', name.replace('*', '_')));
  const [fullchain, privkey] = await Promise.all([readFile(`${file}.crt`, 'utf8'), readFile(`${file}.key`, 'utf8')]);
  if (!belongs(new X509Certificate(fullchain), createPrivateKey(privkey)))
    throw new AcmeProblem('other', 'the certificate is of another key');
  return { fullchain, privkey, made: { mode: 'acme', directory, keyType } };
}

async function explained(system: System, acme: WholeAcme, names: readonly string[], error: unknown, outside: Outside): Promise<unknown> {
  if (error instanceof AcmeProblem) return scrubbed(system, error);
  if (!(error instanceof ProgramError) || error.failure.missing) return error;
  const { tail, timedOut } = error.failure;
  if (timedOut) return new AcmeProblem('took-too-long', '');
  const named = problemIn(tail.join('\n'), acme.challenge);
  const last = tail.at(-1) ?? '';
  if (named === undefined) return scrubbed(system, new AcmeProblem(acme.challenge === 'dns-01' ? 'provider-fails' : 'other', last));
  return scrubbed(system, named.code === 'unreachable' ? await whyUnreachable(named, names, outside) : named);
}

/** Authorities give one type for a name without an address and for a port that is shut: the DNS tells which. */
async function whyUnreachable(problem: AcmeProblem, names: readonly string[], outside: Outside): Promise<AcmeProblem> {
  for (const name of names) {
    const addresses = await outside
      .addresses(name)
      .catch(({ code }: NodeJS.ErrnoException) => (code === 'ENOTFOUND' || code === 'ENODATA' ? [] : undefined));
    if (addresses?.length === 0) return new AcmeProblem('name-unknown', problem.detail);
    if (addresses !== undefined) return new AcmeProblem(problem.code, `${name} leads to ${addresses.join(', ')}. ${problem.detail}`);
  }
  return problem;
}

function scrubbed(system: System, { code, detail }: AcmeProblem): AcmeProblem {
  return new AcmeProblem(code, system.scrubber.scrub(detail));
}
