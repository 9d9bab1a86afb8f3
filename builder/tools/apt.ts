/**
 * apt-get(8), apt-cache(8) and apt-helper on a private folder: the host's proxy, TLS and log-in settings count, its
 * sources, preferences, dpkg status, caches and hooks do not, and nothing of the host's apt is written. No root needed.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { writeFileAtomic } from '../kit/files.ts';

const HELPER = '/usr/lib/apt/apt-helper';

/**
 * Read after the host's configuration (apt.conf(5)): its hooks would touch the host, its index targets (AppStream,
 * Contents) would be downloaded for nothing. It may have switched off what holds an archive to its signature, for repositories
 * of its own: here nothing but `[trusted=yes]` in a line of ours does. `Check-Valid-Until` stays as the host has it, because
 * mirrors that lag behind and snapshots need it off; what is old is signed nevertheless.
 */
const CONFIGURATION = `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear APT::Architectures;
#clear APT::Default-Release;
#clear Acquire::IndexTargets;
Acquire::IndexTargets::deb::Packages {
  MetaKey "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages";
  flatMetaKey "Packages";
  ShortDescription "Packages";
  Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages";
  flatDescription "$(RELEASE) Packages";
  Optional "false";
};
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Get::Assume-Yes "true";
APT::Get::AllowUnauthenticated "false";
APT::Update::Error-Mode "any";
APT::Sandbox::User "root";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::Languages "none";
Acquire::GzipIndexes "false";
Acquire::ForceHash "SHA256";
Acquire::Retries "2";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
`;

export interface AptSetup {
  folder: string;
  architecture: string;
  /** Lines of sources.list(5), without user names and passwords. */
  lines: readonly string[];
  /** Keyring that signed the archive's Release files. */
  keyring: string;
  /** Lines of apt_auth.conf(5): log-ins that were part of the sources' addresses. */
  logins: readonly string[];
  /** The host's own apt_auth.conf(5), taken along where it can be read. */
  hostLogins: string;
}

/** A private apt: every call names its folder. */
export interface Apt {
  folder: string;
  /** Options that every apt program gets; see `aptOptions`. */
  options: readonly string[];
}

/** Options that put all of apt's state below `folder`. Pure: tested as a table. */
export function aptOptions(folder: string, architecture: string, keyring: string): string[] {
  const settings: Record<string, string> = {
    'APT::Architecture': architecture,
    'APT::Architectures::': architecture,
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
    'Dir::Cache::archives': join(folder, 'archives'),
    'Dir::Log': join(folder, 'log'),
    'Dir::Etc::SourceList': join(folder, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::Preferences': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'Dir::Etc::Trusted': keyring,
    'Dir::Etc::TrustedParts': '/dev/null',
    'Dir::Etc::netrc': join(folder, 'auth.conf'),
  };
  return ['-c', join(folder, 'apt.conf'), ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`])];
}

/** Makes the folder ready for the programs below. Files that hold log-ins are readable by their owner only. */
export async function openApt(setup: AptSetup): Promise<Apt> {
  const { folder } = setup;
  for (const part of ['state', 'lists/partial', 'cache', 'archives/partial', 'log']) await mkdir(join(folder, part), { recursive: true });
  if (!existsSync(join(folder, 'status'))) await writeFile(join(folder, 'status'), '');
  await writeFileAtomic(join(folder, 'apt.conf'), CONFIGURATION);
  await writeFileAtomic(join(folder, 'sources.list'), `${setup.lines.join('\n')}\n`);
  await writeFileAtomic(join(folder, 'auth.conf'), `${[...setup.logins, setup.hostLogins].join('\n')}\n`, 0o600);
  return { folder, options: aptOptions(folder, setup.architecture, setup.keyring) };
}

/** Fetches the index of every source. @throws ToolError where one of them cannot be had. */
export async function aptUpdate(ctx: Context, apt: Apt): Promise<void> {
  await run(ctx, 'apt-get', [...apt.options, 'update']);
}

/**
 * What installing `packages` into an empty system takes: one line a file, `'URI' name_version_arch.deb size hash`.
 * @param debs .deb files that count as if the archive had them
 */
export async function aptInstallUris(ctx: Context, apt: Apt, packages: readonly string[], debs: readonly string[]): Promise<string> {
  const args = [...apt.options, ...withSource(debs), 'install', '-qq', '--print-uris', ...packages];
  return (await run(ctx, 'apt-get', args, { quiet: true })).stdout;
}

/** What apt says about an installation that cannot be: which package stands against which. */
export async function aptExplain(ctx: Context, apt: Apt, packages: readonly string[], debs: readonly string[]): Promise<string[]> {
  const args = [...apt.options, ...withSource(debs), 'install', '-q', '--simulate', ...packages];
  const { stdout } = await run(ctx, 'apt-get', args, { quiet: true, okExitCodes: [0, 100] });
  return stdout.split('\n').filter((line) => /^(?:\s|The following)/.test(line));
}

/** Index entries (deb-control(5) stanzas) of `name` or `name=version`; unknown ones are left out. */
export async function aptShow(ctx: Context, apt: Apt, specs: readonly string[], debs: readonly string[]): Promise<string> {
  if (specs.length === 0) return '';
  const args = [...apt.options, ...withSource(debs), 'show', ...specs];
  return (await run(ctx, 'apt-cache', args, { quiet: true, okExitCodes: [0, 100] })).stdout;
}

/** Names of all packages of the index. */
export async function aptNames(ctx: Context, apt: Apt): Promise<string[]> {
  return (await run(ctx, 'apt-cache', [...apt.options, 'pkgnames'], { quiet: true })).stdout.split('\n');
}

export interface AptDownload {
  url: string;
  /** Target file; what is there of it already is kept and continued. */
  file: string;
  sha256: string;
}

/** Downloads and verifies files. @throws ToolError where one of them cannot be had or has another hash. */
export async function aptDownload(
  ctx: Context,
  apt: Apt,
  files: readonly AptDownload[],
  onLine: (line: string) => void = () => {},
): Promise<void> {
  const triples = files.flatMap(({ url, file, sha256 }) => [url, file, `SHA256:${sha256}`]);
  await run(ctx, HELPER, [...apt.options, 'download-file', ...triples], { onLine });
}

function withSource(debs: readonly string[]): string[] {
  return debs.flatMap((deb) => ['--with-source', deb]);
}
