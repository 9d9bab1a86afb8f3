/** What an image is in one role. Whoever reads a unit's definition reads it through this, and need not know of roles. */
import { CLUSTER_PORT } from './cluster.ts';
import { isInRole } from './role.ts';
import { unitOf } from './service.ts';
import type { StepOf } from './step.ts';
import type { Port, Unit } from './unit.ts';

/** What a unit knows of its role beside the definition that is left. */
export interface OwnRole {
  name: string;
  /** The leader's role. */
  follows?: string;
  /** Dotted paths of settings in which each unit that follows is another. */
  unique: string[];
  /** systemd units of the services of other roles: they are to stay off. */
  idle: string[];
  /** The steps whose files a leader renders for those who follow it, by role. */
  followers: Record<string, StepOf<'variables'>[]>;
}

const FOLLOWERS: Port = { port: CLUSTER_PORT, protocol: 'tcp', purpose: 'Units that follow this one' };

/** The definition without what belongs to other roles; as it is where no role is chosen, or the image has none. */
export function unitForRole(unit: Unit, name: string | undefined): Unit {
  const role = name === undefined ? undefined : unit.roles?.[name];
  if (name === undefined || role === undefined) return unit;
  const mine = <T extends { roles?: string[] }>(items: readonly T[]): T[] => items.filter((item) => isInRole(item, name));
  const services = Object.fromEntries(Object.entries(unit.services).filter(([, service]) => isInRole(service, name)));
  const followers = followersOf(unit, name);
  const { sections = unit.setup?.sections } = role;
  const { nextSteps } = unit.setup ?? {};
  const { smoke = [], acceptance = [] } = unit.probes;
  const units = Object.entries(services).map(([each, service]) => unitOf(each, service));
  return {
    ...unit,
    setup: { ...unit.setup, ...(sections && { sections }), ...(nextSteps && { nextSteps: mine(nextSteps) }) },
    services: Object.fromEntries(
      Object.entries(services).map(([each, service]) => [
        each,
        { ...service, after: (service.after ?? []).filter((other) => other in services) },
      ]),
    ),
    ports: [...mine(unit.ports), ...(Object.keys(followers).length === 0 ? [] : [FOLLOWERS])],
    state: Object.fromEntries(Object.entries(unit.state).filter(([, item]) => isInRole(item, name))),
    ...(unit.dns === undefined ? {} : { dns: mine(unit.dns) }),
    steps: mine(unit.steps).map((step) => (role.follows !== undefined && step.use === 'variables' ? fromLeader(step) : step)),
    probes: { smoke: mine(smoke), acceptance: mine(acceptance) },
    ownRole: {
      name,
      ...(role.follows === undefined ? {} : { follows: role.follows }),
      unique: role.unique ?? [],
      idle: Object.entries(unit.services)
        .map(([each, service]) => unitOf(each, service))
        .filter((each) => !units.includes(each)),
      followers,
    },
  };
}

/** The values are the leader's: this unit has no settings for them. Its own it fills in itself. */
function fromLeader(step: StepOf<'variables'>): StepOf<'variables'> {
  const { certificate: _, ...rest } = step.with;
  return { ...step, with: { ...rest, values: {} } };
}

function followersOf(unit: Unit, leader: string): OwnRole['followers'] {
  const roles = Object.entries(unit.roles ?? {}).filter(([, { follows }]) => follows === leader);
  return Object.fromEntries(
    roles.map(([name]) => [
      name,
      unit.steps.filter((step): step is StepOf<'variables'> => step.use === 'variables' && isInRole(step, name)),
    ]),
  );
}
