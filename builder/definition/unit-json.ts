import { Unit } from '../../firstboot/contract/unit.ts';
import { compileSchema } from '../kit/schema.ts';
import type { LoadedImage } from './definition.ts';

/**
 * What a definition says about the running unit: the content of /usr/lib/unit/unit.json.
 * @throws Error where the result breaks the contract: a bug, the definition was checked.
 */
export function unitOf({ definition }: LoadedImage): Unit {
  const { name, version, title, look, setup, roles, services, ports, state, dns, plugins, steps, probes } = definition;
  const unit: Unit = {
    schemaVersion: 1,
    name,
    version,
    title,
    ...(look === undefined ? {} : { look }),
    ...(setup === undefined ? {} : { setup }),
    ...(roles === undefined ? {} : { roles }),
    services,
    ports,
    state,
    ...(dns === undefined ? {} : { dns }),
    ...(plugins === undefined ? {} : { plugins }),
    steps,
    probes,
  };
  const [violation] = compileSchema(Unit)(unit);
  if (violation !== undefined) throw new Error(`unit.json breaks its contract: ${violation.path} ${violation.message}`);
  return unit;
}
