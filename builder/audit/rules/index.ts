/** The rules, in the order in which they are reported: one line each. */
import type { Rule } from '../rule.ts';
import { aptSources } from './apt-sources.ts';
import { authorizedKeys } from './authorized-keys.ts';
import { bootArguments } from './boot-arguments.ts';
import { buildLeftovers } from './build-leftovers.ts';
import { buildNetwork } from './build-network.ts';
import { caches } from './caches.ts';
import { certificates } from './certificates.ts';
import { cloudInitDatasource } from './cloud-init-datasource.ts';
import { cloudInitState } from './cloud-init-state.ts';
import { containerImages } from './container-images.ts';
import { databaseClusters } from './database-clusters.ts';
import { erlangCookie } from './erlang-cookie.ts';
import { fileSystem } from './file-system.ts';
import { histories } from './histories.ts';
import { hostSettings } from './host-settings.ts';
import { identities } from './identities.ts';
import { knownHosts } from './known-hosts.ts';
import { leases } from './leases.ts';
import { logs } from './logs.ts';
import { machineId } from './machine-id.ts';
import { packageList } from './packages.ts';
import { passwords } from './passwords.ts';
import { privateKeys } from './private-keys.ts';
import { randomSeeds } from './random-seeds.ts';
import { setuid } from './setuid.ts';
import { sshHostKeys } from './ssh-host-keys.ts';
import { worldWritable } from './world-writable.ts';

export const RULES: readonly Rule[] = [
  fileSystem,
  sshHostKeys,
  machineId,
  identities,
  authorizedKeys,
  passwords,
  privateKeys,
  certificates,
  erlangCookie,
  randomSeeds,
  databaseClusters,
  histories,
  logs,
  cloudInitState,
  cloudInitDatasource,
  buildNetwork,
  leases,
  knownHosts,
  buildLeftovers,
  caches,
  hostSettings,
  containerImages,
  aptSources,
  bootArguments,
  packageList,
  setuid,
  worldWritable,
];
