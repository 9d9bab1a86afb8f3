import type { Texts } from '../../contract/texts.ts';
import type { Change } from '../change.ts';
import { finalise } from './finalise.ts';
import { firewall } from './firewall.ts';
import { services } from './services.ts';
import { setup } from './setup.ts';
import { smoke } from './smoke.ts';

export type FinishKind = 'services' | 'smoke' | 'finalise' | 'setup' | 'firewall';
export type FinishChange = Change<Record<string, unknown>> & { title: Texts };

/** What ends every run, in this order. */
export const FINISH: { readonly [K in FinishKind]: FinishChange } = { services, smoke, finalise, setup, firewall };
