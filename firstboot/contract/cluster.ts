/**
 * Where a leader and its followers meet: ports, files, and what goes over the wire. The leader's server runs without rights, so
 * root writes below `folder` only, the server below its own `serverState` only, and each reads of the other what passes a schema.
 */
import Type, { type Static } from 'typebox';

/** The leader's own port: the product has 443, and its certificate may not be there yet. */
export const CLUSTER_PORT = 8444;

export const CLUSTER_PATHS = {
  /** Root's, readable by the server's group. */
  folder: '/var/lib/unit/cluster',
  /** `ROLE.json`: a `Bundle`. */
  published: '/var/lib/unit/cluster/published',
  /** `ID.json`: an `Invite`. */
  invites: '/var/lib/unit/cluster/invites',
  /** `ID`: a follower that is cut off. */
  revoked: '/var/lib/unit/cluster/revoked',
  /** SHA-256 of the key with which whoever changes the platform from outside calls its followers. */
  adminKey: '/var/lib/unit/cluster/admin-key.sha256',
  /** Root's alone: the service gets them by LoadCredential. */
  certificate: '/var/lib/unit/cluster/leader.pem',
  key: '/var/lib/unit/cluster/leader.key',
  /** The server's own: `followers/ID.json`, a `Follower`; `used/ID`, a code that was used (`Use`); `call`, the last call to all. */
  serverState: '/var/lib/unit-cluster',
  /** On a follower: whom it follows. */
  leader: '/var/lib/unit/leader.json',
  /** On a follower: the files that are in use, and the ones before. */
  bundle: '/var/lib/unit/bundle.json',
  previous: '/var/lib/unit/bundle.previous.json',
  /** On a follower: how it went the last time. */
  followed: '/var/lib/unit/followed.json',
} as const;

export const CLUSTER_UNITS = { server: 'unit-cluster.service', follower: 'unit-follow.service' } as const;
export const SERVER_GROUP = 'unit-cluster';

const strict = { additionalProperties: false } as const;
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Id = Type.String({ pattern: '^[0-9a-f]{16}$' });
const Role = Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$' });
/** 256 bits in hexadecimal. */
const Secret = Hash;

export const TreeFile = Type.Object(
  {
    /** Relative, with `/`; it leads nowhere else. */
    path: Type.String({ pattern: '^(?!/)(?!([^]*/)?\\.\\.?(/|$))[^\\u0000-\\u001f\\u007f]+$', maxLength: 1000 }),
    mode: Type.Integer({ minimum: 0, maximum: 0o777 }),
    data: Type.String({ description: 'base64' }),
    /** It has variables that each unit fills in itself. */
    own: Type.Optional(Type.Literal(true)),
  },
  strict,
);
export type TreeFile = Static<typeof TreeFile>;

/** What a role's units are given: the files of each `variables` step, by the folder that it writes. */
export const Bundle = Type.Object(
  {
    schemaVersion: Type.Literal(1),
    image: Type.String(),
    role: Role,
    trees: Type.Record(Type.String({ pattern: '^/' }), Type.Array(TreeFile)),
  },
  strict,
);
export type Bundle = Static<typeof Bundle>;

export const Invite = Type.Object({ role: Role, secret: Hash, expires: Type.Integer({ description: 'Milliseconds since 1970' }) }, strict);
export type Invite = Static<typeof Invite>;

/** What the server keeps of a code that was used. */
export const Use = Type.Object({ id: Id, role: Role, key: Hash }, strict);
export type Use = Static<typeof Use>;

/** Characters of such a value. */
export const MAX_UNIQUE = 100;

/** What a unit has in the settings that no two of its role may have alike: values by dotted path. */
export const Unique = Type.Record(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_.]{0,199}$' }), Type.String({ maxLength: MAX_UNIQUE }), {
  maxProperties: 8,
});
export type Unique = Static<typeof Unique>;

/** `POST /v1/join`. A follower that did not get the answer asks again with the same key. Answer: `Joined`. */
export const JoinRequest = Type.Object(
  { invite: Id, secret: Secret, key: Secret, name: Type.String({ maxLength: 255 }), unique: Type.Optional(Unique) },
  strict,
);
export type JoinRequest = Static<typeof JoinRequest>;

export const Joined = Type.Object({ id: Id, role: Role }, strict);
export type Joined = Static<typeof Joined>;

/** `POST /v1/report`. */
export const Report = Type.Object(
  {
    /** Of the bundle in use. */
    hash: Hash,
    state: Type.Enum(['ready', 'failed', 'rolled-back']),
    message: Type.String({ maxLength: 500 }),
    unique: Type.Optional(Unique),
  },
  strict,
);
export type Report = Static<typeof Report>;

export const Follower = Type.Object(
  {
    role: Role,
    name: Type.String({ maxLength: 255 }),
    /** SHA-256 of its key. */
    key: Hash,
    invite: Id,
    joined: Type.Integer(),
    seen: Type.Integer(),
    /** As it said last. */
    unique: Type.Optional(Unique),
    report: Type.Optional(Report),
  },
  strict,
);
export type Follower = Static<typeof Follower>;

/**
 * Answered with the files of the caller's role. `have`: hash of those that it has; `wait`: seconds for others to come; `call`: the
 * last call to all that it knows of, as an answer named it. Whoever does not say it hears of calls only while it waits.
 */
export const FILES_PATH = '/v1/files';
export const HASH_HEADER = 'x-unit-hash';
/** Somebody asked all followers to look: files that were turned down are to be tried again. */
export const NOTIFIED_HEADER = 'x-unit-notified';
/** The last such call: another word each time. */
export const CALL_HEADER = 'x-unit-call';
export const LONGEST_WAIT = 50;
export const MAX_BUNDLE = 32 * 1024 * 1024;
