/** The product's services as they are now. */
import { gateOf, startOrder } from '../contract/ordering.ts';
import { type Service, unitOf } from '../contract/service.ts';
import type { Unit } from '../contract/unit.ts';
import { ProgramError } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';
import { isActive, unitStatus } from './systemd.ts';

export interface ServiceStatus {
  name: string;
  unit: string;
  /** systemd's ActiveState; `unknown` where systemd does not answer. */
  active: string;
  ready: boolean;
}

/** Every service in start order. */
export async function serviceStatuses(system: System, unit: Unit): Promise<ServiceStatus[]> {
  return Promise.all(
    startOrder(unit.services).map(async (name) => {
      const own = unitOf(name, unit.services[name] as Service);
      try {
        const { active } = await unitStatus(system, own);
        return { name, unit: own, active, ready: active === 'active' && (await isActive(system, gateOf(name))) };
      } catch (error) {
        if (error instanceof ProgramError) return { name, unit: own, active: 'unknown', ready: false };
        throw error;
      }
    }),
  );
}
