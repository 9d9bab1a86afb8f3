/** Tells services that there is another certificate: those that the image names, and only where they began with an older one. */
import { unitStatus } from '../../apply/systemd.ts';
import { unitOf } from '../../contract/service.ts';
import type { Unit } from '../../contract/unit.ts';
import type { System } from '../../kit/system.ts';
import { readReloadDue, reloadDone } from './place.ts';

/** Does nothing where no certificate was replaced since the last time. @throws ProgramError where a service does not take it */
export async function reloadServices(system: System, unit: Unit, log: (line: string) => void): Promise<void> {
  const replaced = await readReloadDue(system);
  if (replaced === undefined) return;
  const sameBoot = replaced.boot === (await system.bootId());
  for (const [name, service] of Object.entries(unit.services)) {
    if (service.certificate === undefined) continue;
    const own = unitOf(name, service);
    const { active, since } = await unitStatus(system, own);
    // What was started after the swap has read the new one.
    if (active !== 'active' || !sameBoot || since > replaced.clock) continue;
    log(`${service.certificate} of ${own}`);
    await system.run('systemctl', [service.certificate === 'reload' ? 'try-reload-or-restart' : 'try-restart', '--', own], { onLine: log });
  }
  await reloadDone(system);
}
