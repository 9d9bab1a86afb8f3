/** Everything that `doctor` looks at, in the order in which it shows it. */
import type { HostCheck } from '../check.ts';
import { firmwareCheck } from './firmware.ts';
import { subordinateIdsCheck, userNamespacesCheck } from './namespaces.ts';
import { packerCheck } from './packer.ts';
import { pipCheck } from './pip.ts';
import { programChecks } from './programs.ts';
import { cacheFolderCheck, memoryCheck, spaceCheck } from './resources.ts';
import { virtualisationCheck } from './virtualisation.ts';

export const CHECKS: readonly HostCheck[] = [
  ...programChecks,
  packerCheck,
  pipCheck,
  firmwareCheck,
  subordinateIdsCheck,
  userNamespacesCheck,
  cacheFolderCheck,
  spaceCheck,
  memoryCheck,
  virtualisationCheck,
];
