/** The product's services as they are now. */
import { gateOf, startOrder } from '../contract/ordering.ts';
import { type Service, unitOf } from '../contract/service.ts';
import type { Unit } from '../contract/unit.ts';
import { ProgramError } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';
import { unitStatuses } from './systemd.ts';

export interface ServiceStatus {
  name: string;
  unit: string;
  /** systemd's ActiveState; `unknown` where systemd does not answer. */
  active: string;
  ready: boolean;
}

/** Every service in start order. */
export async function serviceStatuses(system: System, unit: Unit): Promise<ServiceStatus[]> {
  const services = startOrder(unit.services).map((name) => ({ name, unit: unitOf(name, unit.services[name] as Service) }));
  if (services.length === 0) return [];
  try {
    // All of them and their gates by one call: there may be a dozen, and each call is a process.
    const statuses = await unitStatuses(system, [...services.map((each) => each.unit), ...services.map(({ name }) => gateOf(name))]);
    const active = statuses.map((each) => each.active);
    return services.map((each, index) => ({
      ...each,
      active: active[index] as string,
      ready: active[index] === 'active' && active[services.length + index] === 'active',
    }));
  } catch (error) {
    if (error instanceof ProgramError) return services.map((each) => ({ ...each, active: 'unknown', ready: false }));
    throw error;
  }
}
