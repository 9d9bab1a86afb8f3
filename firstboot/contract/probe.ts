/** A readiness probe: asks once whether something is as it should be. */
import Type, { type Static } from 'typebox';

import { InRoles } from './role.ts';

const strict = { additionalProperties: false } as const;

const TcpProbe = Type.Object(
  {
    tcp: Type.String({
      pattern: '^(\\[[0-9a-fA-F:]+\\]|[0-9A-Za-z.-]+):[0-9]{1,5}$',
      description: 'host:port that must accept a connection',
    }),
  },
  strict,
);
const HttpProbe = Type.Object(
  {
    http: Type.String({ pattern: '^https?://', description: 'URL to GET' }),
    status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599, default: 200, description: 'Expected status code' })),
    host: Type.Optional(Type.String({ minLength: 1, description: 'Host header, where it differs from the URL' })),
    contains: Type.Optional(Type.String({ minLength: 1, description: 'Text that the body must contain' })),
    insecure: Type.Optional(Type.Boolean({ default: false, description: 'Accept any certificate (for loopback only)' })),
  },
  strict,
);
const CommandProbe = Type.Object(
  {
    command: Type.Array(Type.String(), { minItems: 1, description: 'argv that must exit 0; no shell' }),
    user: Type.Optional(Type.String({ description: 'User to run as; root by default' })),
  },
  strict,
);
const UnitProbe = Type.Object(
  { unit: Type.String({ pattern: '\\.(service|socket|timer|target|mount)$', description: 'systemd unit that must be active' }) },
  strict,
);

export const Probe = Type.Union([TcpProbe, HttpProbe, CommandProbe, UnitProbe], { description: 'One of: tcp, http, command, unit' });
export type Probe = Static<typeof Probe>;

/** A probe with a title: smoke tests and acceptance requests of an image. */
export const NamedProbe = Type.Object(
  {
    title: Type.String({ minLength: 1 }),
    ...InRoles,
    probe: Probe,
    timeout: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 3600, default: 60, description: 'Seconds until the probe must have passed' }),
    ),
  },
  strict,
);
export type NamedProbe = Static<typeof NamedProbe>;

/** How a probe ended; `unitctl probe --json` writes a list of these. */
export interface ProbeResult {
  title: string;
  passed: boolean;
  /** What was last seen, where it did not pass. */
  message: string;
  seconds: number;
}
