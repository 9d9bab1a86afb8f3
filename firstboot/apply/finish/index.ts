import type { Texts } from '../../contract/texts.ts';
import { acmeCertificate } from '../../sections/certificate/obtain-change.ts';
import type { Settings } from '../../settings/index.ts';
import type { Change } from '../change.ts';
import { finalise } from './finalise.ts';
import { firewall } from './firewall.ts';
import { services } from './services.ts';
import { setup } from './setup.ts';
import { smoke } from './smoke.ts';

export type FinishKind = 'services' | 'smoke' | 'finalise' | 'setup' | 'firewall' | 'acme-certificate';
export interface FinishChange extends Change<Record<string, unknown>> {
  title: Texts;
  /** Whether the settings ask for it; always where absent. */
  wanted?(settings: Settings): boolean;
}

/** What ends every run, in this order. */
export const FINISH: { readonly [K in FinishKind]: FinishChange } = {
  services,
  smoke,
  finalise,
  setup,
  firewall,
  'acme-certificate': acmeCertificate,
};
