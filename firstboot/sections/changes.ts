import type { Change } from '../apply/change.ts';
import type { Texts } from '../contract/texts.ts';
import type { Settings } from '../settings/index.ts';
import { administrator } from './administrator/account.ts';
import { sshLogIn } from './administrator/ssh-log-in.ts';
import { mail } from './mail/postfix.ts';
import { hostName } from './network/host-name.ts';
import { timeServers } from './time/time-servers.ts';
import { timeZone } from './time/time-zone.ts';
import { automaticUpdates } from './updates/unattended.ts';

export type BeginKind = 'host-name' | 'time-zone' | 'time-servers' | 'administrator' | 'ssh-log-in' | 'mail' | 'updates';

export interface BeginChange<P> extends Change<P> {
  title: Texts;
  /** What the settings ask for; undefined where they leave the unit as it is. For plans, secrets among them are words. */
  parameters(settings: Settings): P | undefined;
}

/**
 * The settings that every unit has and no image need care for. They begin every run, in this order: what the image's
 * steps start is to have the right name and time, and whoever has to mend a failed step must be able to log in.
 */
export const BEGIN: { readonly [K in BeginKind]: BeginChange<Record<string, unknown>> } = {
  'host-name': hostName,
  'time-zone': timeZone,
  'time-servers': timeServers,
  administrator,
  'ssh-log-in': sshLogIn,
  mail,
  updates: automaticUpdates,
};
