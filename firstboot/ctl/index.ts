import { register as adopt } from './adopt.ts';
import { register as apply } from './apply.ts';
import { register as cert } from './cert.ts';
import type { Ctl } from './cli.ts';
import { register as cluster } from './cluster.ts';
import { register as code } from './code.ts';
import { register as doctor } from './doctor.ts';
import { register as helper } from './helper.ts';
import { register as logs } from './logs.ts';
import { register as mail } from './mail.ts';
import { register as network } from './network.ts';
import { register as newIdentity } from './new-identity.ts';
import { register as openSetup } from './open-setup.ts';
import { register as plan } from './plan.ts';
import { register as plugin } from './plugin.ts';
import { register as probe } from './probe.ts';
import { register as reset } from './reset.ts';
import { register as services } from './services.ts';
import { register as settings } from './settings.ts';
import { register as status } from './status.ts';
import { register as supportBundle } from './support-bundle.ts';
import { register as updates } from './updates.ts';

/** Every command of unitctl, in the order of its help. */
export const commands: readonly ((ctl: Ctl) => void)[] = [
  status,
  code,
  openSetup,
  plan,
  apply,
  adopt,
  settings,
  network,
  cert,
  mail,
  services,
  plugin,
  cluster,
  probe,
  doctor,
  updates,
  logs,
  supportBundle,
  reset,
  newIdentity,
  helper,
];
