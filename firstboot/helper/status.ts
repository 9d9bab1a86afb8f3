import { hostname } from 'node:os';

import { SETUP_PATHS } from '../contract/setup.ts';
import { readState } from '../ctl/status.ts';
import { readUnit } from '../ctl/unit-files.ts';
import { ownAddresses } from '../setup/addresses.ts';
import { fingerprint } from '../setup/certificate.ts';
import { exists } from '../setup/state.ts';
import type { Action } from './action.ts';

export const status: Action<'status'> = async (_parameters, { system }) => {
  const unit = await readUnit(system);
  return {
    state: (await readState(system, unit)).state,
    image: unit.name,
    version: unit.version,
    title: unit.title,
    ...(unit.look === undefined ? {} : { look: unit.look }),
    claimed: await exists(system, SETUP_PATHS.claimed),
    hostName: hostname(),
    addresses: ownAddresses(),
    fingerprint: await fingerprint(system),
  };
};
