import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';

import type { UnitStatus } from '../contract/helper.ts';
import { SETUP_PATHS } from '../contract/setup.ts';
import type { Unit } from '../contract/unit.ts';
import { readKept } from '../ctl/prepared.ts';
import { readState } from '../ctl/state.ts';
import { readProductSchema, readUnit } from '../ctl/unit-files.ts';
import { ignoreMissing } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import { mergeAnswers, settingAt } from '../settings/index.ts';
import { ownAddresses } from '../setup/addresses.ts';
import { fingerprint } from '../setup/certificate.ts';
import { exists } from '../setup/state.ts';
import type { Action } from './action.ts';
import { pagesRunIsActive } from './apply.ts';

export const status: Action<'status'> = async (_parameters, { system }) => {
  const unit = await readUnit(system);
  const domain = await keptDomain(system);
  return {
    ...(await pageState(system, unit)),
    image: unit.name,
    version: unit.version,
    title: unit.title,
    ...(unit.look === undefined ? {} : { look: unit.look }),
    ...(unit.setup?.sections === undefined ? {} : { sections: unit.setup.sections }),
    claimed: await exists(system, SETUP_PATHS.claimed),
    ...(domain === undefined ? {} : { domain }),
    hostName: hostname(),
    addresses: ownAddresses(),
    fingerprint: await fingerprint(system),
  };
};

/**
 * A run that was started and has not said anything yet counts: the page would show its forms again meanwhile. `apply` removes
 * the events of the run before.
 */
async function pageState(system: System, unit: Unit): Promise<Pick<UnitStatus, 'state' | 'settled'>> {
  const { state, settled } = await readState(system, unit);
  if (state !== 'waiting' && state !== 'failed') return { state, settled };
  const events = await stat(system.path(SETUP_PATHS.events)).catch(ignoreMissing);
  if (events !== undefined && events.size > 0) return { state, settled };
  return (await pagesRunIsActive(system)) ? { state: 'applying', settled: false } : { state, settled };
}

async function keptDomain(system: System): Promise<string | undefined> {
  const productSchema = await readProductSchema(system);
  const { layers } = await readKept(system, productSchema);
  const domain = settingAt(mergeAnswers(layers, productSchema).answers, 'domain.name');
  return typeof domain === 'string' ? domain : undefined;
}
