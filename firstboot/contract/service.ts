/** A service of the product: a systemd unit, its place in the start order, and how one knows that it is ready. */
import Type, { type Static } from 'typebox';

import { Probe } from './probe.ts';
import { InRoles } from './role.ts';
import { Texts } from './texts.ts';

export const Service = Type.Object(
  {
    title: Type.Optional(Texts),
    ...InRoles,
    unit: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9:_.@\\\\-]+\\.service$', description: 'systemd unit; `<name>.service` by default' }),
    ),
    layer: Type.Optional(Type.Integer({ minimum: 1, maximum: 99, description: 'Starts after every service of a lower layer' })),
    after: Type.Optional(Type.Array(Type.String(), { uniqueItems: true, description: 'Names of services that must be ready before' })),
    ready: Probe,
    certificate: Type.Optional(
      Type.Enum(['reload', 'restart'], { description: "What it wants when the unit's certificate in /etc/unit/tls has been replaced" }),
    ),
    timeout: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 3600, default: 120, description: 'Seconds until it must be ready, on hardware virtualisation' }),
    ),
  },
  { additionalProperties: false },
);
export type Service = Static<typeof Service>;

/** `<name>.service` unless the definition says otherwise. */
export function unitOf(name: string, service: Service): string {
  return service.unit ?? `${name}.service`;
}

/** Names of the services that must be ready before `name`: its `after` and every service of a lower layer. */
export function predecessors(name: string, services: Readonly<Record<string, Service>>): string[] {
  const own = services[name];
  if (own === undefined) return [];
  const lower = Object.entries(services).filter(
    ([, other]) => own.layer !== undefined && other.layer !== undefined && other.layer < own.layer,
  );
  return [...new Set([...(own.after ?? []), ...lower.map(([other]) => other)])].sort();
}
