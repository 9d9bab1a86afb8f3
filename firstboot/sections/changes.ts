import { firewallRules } from '../apply/begin/firewall-rules.ts';
import { ports } from '../apply/begin/ports.ts';
import type { Change } from '../apply/change.ts';
import type { EveryText } from '../contract/texts.ts';
import type { Unit } from '../contract/unit.ts';
import type { Settings } from '../settings/index.ts';
import { administrator } from './administrator/account.ts';
import { sshLogIn } from './administrator/ssh-log-in.ts';
import { certificate } from './certificate/change.ts';
import { joinLeader } from './cluster/join.ts';
import { role } from './cluster/role.ts';
import { requiredRecords } from './domain/required-records.ts';
import { mail } from './mail/postfix.ts';
import { hostName } from './network/host-name.ts';
import { network } from './network/interfaces.ts';
import { packageSource } from './network/package-source.ts';
import { keyboard } from './time/keyboard.ts';
import { locale } from './time/locale.ts';
import { timeServers } from './time/time-servers.ts';
import { timeZone } from './time/time-zone.ts';
import { automaticUpdates } from './updates/unattended.ts';

export interface BeginChange<P> extends Change<P> {
  title: EveryText;
  /** What settings and image ask for; undefined where they leave the unit as it is. For plans, secrets among them are words. */
  parameters(settings: Settings, unit: Unit): P | undefined;
}

/** In the order of runs. */
const LIST = {
  role,
  'firewall-rules': firewallRules,
  'host-name': hostName,
  network,
  'required-records': requiredRecords,
  'package-source': packageSource,
  'time-zone': timeZone,
  'time-servers': timeServers,
  locale,
  keyboard,
  administrator,
  'ssh-log-in': sshLogIn,
  'join-leader': joinLeader,
  certificate,
  mail,
  updates: automaticUpdates,
  ports,
};

export type BeginKind = keyof typeof LIST;

/**
 * The settings that every unit has and no image need care for. They begin every run, in this order: what the image's
 * steps start is to have the right name and time, and whoever has to mend a failed step must be able to log in.
 */
export const BEGIN: { readonly [K in BeginKind]: BeginChange<Record<string, unknown>> } = LIST;
