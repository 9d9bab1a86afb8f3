/** Every check, in the order in which they run: what others stand on first, what takes long last. */
import type { Check } from '../check.ts';
import { address } from './address.ts';
import { bootTime } from './boot-time.ts';
import { consoles } from './consoles.ts';
import { growth } from './growth.ts';
import { hostKeys } from './host-keys.ts';
import { identity } from './identity.ts';
import { machineId } from './machine-id.ts';
import { nocloud } from './nocloud.ts';
import { ovfEnvironmentCheck } from './ovf-environment.ts';
import { ports } from './ports.ts';
import { probes } from './probes.ts';
import { units } from './units.ts';

export const checks: readonly Check[] = [
  units,
  address,
  hostKeys,
  machineId,
  growth,
  consoles,
  nocloud,
  ovfEnvironmentCheck,
  identity,
  bootTime,
  probes,
  ports,
];
