import type { Texts } from '../../contract/texts.ts';
import type { Unit } from '../../contract/unit.ts';
import { acmeCertificate } from '../../sections/certificate/obtain-change.ts';
import { mailServer } from '../../sections/mail/postfix.ts';
import type { Settings } from '../../settings/index.ts';
import type { Change } from '../change.ts';
import { cluster } from './cluster.ts';
import { finalise } from './finalise.ts';
import { firewall } from './firewall.ts';
import { services } from './services.ts';
import { setup } from './setup.ts';
import { smoke } from './smoke.ts';

export type FinishKind = 'mail-server' | 'services' | 'smoke' | 'finalise' | 'setup' | 'firewall' | 'acme-certificate' | 'cluster';
export interface FinishChange extends Change<Record<string, unknown>> {
  title: Texts;
  /** Whether settings and image ask for it; always where absent. */
  wanted?(settings: Settings, unit: Unit): boolean;
}

/** What ends every run, in this order. */
export const FINISH: { readonly [K in FinishKind]: FinishChange } = {
  'mail-server': mailServer,
  services,
  smoke,
  finalise,
  setup,
  firewall,
  'acme-certificate': acmeCertificate,
  cluster,
};
