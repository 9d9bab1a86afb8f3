/**
 * Debian's `main` cluster of the newest PostgreSQL that is installed (pg_createcluster(1)). The image has none: a cluster
 * holds an identity and would hold passwords.
 */
import { readdir, rm } from 'node:fs/promises';
import { UNIT_PATHS } from '../../contract/unit.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { ignoreMissing, readIfExists, removeFile, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import type { ChangeContext } from '../change.ts';
import { order } from '../systemd.ts';

const CLUSTER = 'main';
const VERSIONS = '/usr/lib/postgresql';
/** There while a cluster is being made: one that was begun and not ended is thrown away. */
const MAKING = `${UNIT_PATHS.state}/postgresql-cluster-unfinished`;

export interface Cluster {
  version: string;
  port: string;
  online: boolean;
}

/** Newest installed version, such as `17`; undefined where PostgreSQL is not installed. */
export async function installedVersion(system: System): Promise<string | undefined> {
  const names = (await readdir(system.path(VERSIONS)).catch(ignoreMissing)) ?? [];
  return names
    .filter((name) => /^[0-9]+(\.[0-9]+)?$/.test(name))
    .sort((a, b) => Number(a) - Number(b))
    .at(-1);
}

/** The cluster, where it is there whole. */
export async function findCluster(system: System): Promise<Cluster | undefined> {
  if ((await readIfExists(system.path(MAKING))) !== undefined) return undefined;
  const version = await installedVersion(system);
  if (version === undefined) {
    throw new UnitError('PostgreSQL is not installed', {
      exitCode: ExitCode.unit,
      remedies: ['The image must name the package postgresql.'],
    });
  }
  const { stdout } = await system.run('pg_lsclusters', ['--no-header']);
  return parseClusters(stdout).find((cluster) => cluster.version === version);
}

/** Lines of pg_lsclusters(1) that name our cluster: version, name, port, status, owner, data folder, log. */
export function parseClusters(text: string): Cluster[] {
  return text.split('\n').flatMap((line) => {
    const [version = '', name, port = '', status = ''] = line.trim().split(/\s+/);
    return name === CLUSTER ? [{ version, port, online: status.split(',')[0] === 'online' }] : [];
  });
}

/** Makes the cluster where it is missing: UTF-8, checksums, peer over the socket and SCRAM over TCP. */
export async function makeCluster(context: ChangeContext, locale = 'C.UTF-8'): Promise<void> {
  const { system, log } = context;
  if ((await findCluster(system)) !== undefined) return;
  const version = (await installedVersion(system)) ?? '';
  if ((await readIfExists(system.path(MAKING))) !== undefined) await removeHalfMade(context, version);
  await writeFileAtomic(system.path(MAKING), `${version}\n`, { mode: 0o600 });
  await system.run('pg_createcluster', createArguments(version, locale), { onLine: log });
  // initdb syncs the data folder; the configuration that pg_createcluster writes is ours to sync.
  await system.run('sync', ['--file-system', system.path('/etc/postgresql')]);
  await removeFile(system.path(MAKING));
}

function createArguments(version: string, locale: string): string[] {
  const initdb = ['--data-checksums', '--auth-local=peer', '--auth-host=scram-sha-256'];
  return ['--locale', locale, '--encoding', 'UTF8', version, CLUSTER, '--', ...initdb];
}

async function removeHalfMade(context: ChangeContext, version: string): Promise<void> {
  context.log('a database cluster that was not finished is removed');
  await removeCluster(context, version);
}

/** Removes the cluster with its databases and its configuration, whole or not. */
export async function dropCluster(context: ChangeContext): Promise<void> {
  const version = await installedVersion(context.system);
  if (version !== undefined) await removeCluster(context, version);
}

async function removeCluster({ system }: ChangeContext, version: string): Promise<void> {
  await system.ask('pg_dropcluster', ['--stop', version, CLUSTER]);
  for (const folder of ['/etc/postgresql', '/var/lib/postgresql']) {
    await rm(system.path(`${folder}/${version}/${CLUSTER}`), { recursive: true, force: true });
  }
}

/** A cluster that answers: made and started where needed. */
export async function runningCluster(context: ChangeContext): Promise<Cluster> {
  const { system, log } = context;
  await makeCluster(context);
  const cluster = await findCluster(system);
  if (cluster === undefined) throw new Error('pg_createcluster succeeded, and pg_lsclusters does not list the cluster');
  // Debian's unit waits until the server accepts connections (pg_ctlcluster(1)).
  const unit = `postgresql@${cluster.version}-${CLUSTER}.service`;
  if (!cluster.online) await order(system, 'start', unit, { units: [] }, log);
  return cluster;
}
