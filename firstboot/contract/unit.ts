/**
 * What an image's definition says about the running unit, as it stands in /usr/lib/unit/unit.json: written by the
 * builder, read by first boot and unitctl. The same schemas are members of image.yaml (builder/definition/).
 */
import Type, { type Static } from 'typebox';

import { NamedProbe } from './probe.ts';
import { InRoles, Role } from './role.ts';
import { SectionName } from './section.ts';
import { Service } from './service.ts';
import { Step } from './step.ts';
import { Texts } from './texts.ts';
import type { OwnRole } from './unit-role.ts';

const strict = { additionalProperties: false } as const;

/** Labels of a disk or CD with answers: FAT has room for eleven characters, and knows capitals only. */
export const ANSWERS_LABELS = ['UNIT-ANSWERS', 'UNITANSWERS'] as const;

/** Where first boot's files are on a unit. */
export const UNIT_PATHS = {
  lib: '/usr/lib/unit',
  definition: '/usr/lib/unit/unit.json',
  release: '/usr/lib/unit/release.json',
  /** The npm packages whose code stands in unitctl.mjs and setup.mjs: JSON, `[{ name, version, licence }]`. */
  bundled: '/usr/lib/unit/unitctl.packages.json',
  thirdParty: '/usr/lib/unit/THIRD-PARTY-LICENSES.txt',
  settingsSchema: '/usr/lib/unit/settings.schema.json',
  templates: '/usr/lib/unit/templates',
  applyDir: '/usr/lib/unit/apply.d',
  state: '/var/lib/unit',
  settings: '/var/lib/unit/settings.json',
  /** Where each saved setting came from. */
  origins: '/var/lib/unit/origins.json',
  /** Answers of outside sources that have not been applied yet, with their secrets. */
  draft: '/var/lib/unit/draft.json',
  /** Where cloud-init's write_files puts an answers file. */
  cloudInitAnswers: '/etc/unit/answers.yaml',
  secrets: '/var/lib/unit/secrets',
  journal: '/var/lib/unit/journal.jsonl',
  /** There from the beginning of a run until it has succeeded: what a boot looks for to go on. */
  unfinished: '/var/lib/unit/unfinished',
  finalised: '/var/lib/unit/finalised',
  /** There from the beginning of a factory reset until its end: a boot goes on with it before anything else. */
  resetting: '/var/lib/unit/resetting',
} as const;

export const Port = Type.Object(
  {
    port: Type.Integer({ minimum: 1, maximum: 65535 }),
    protocol: Type.Optional(Type.Enum(['tcp', 'udp'])),
    purpose: Type.String({ minLength: 1 }),
    ...InRoles,
    from: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Setting (dotted path) with the addresses that may reach it, and nobody where it is empty; where absent, everybody may',
      }),
    ),
  },
  strict,
);
export type Port = Static<typeof Port>;

/** Part of the product's state: reset, clones, backup and replication stand on it. */
export const StateItem = Type.Object(
  {
    kind: Type.Enum(['data', 'configuration', 'secrets', 'cache']),
    path: Type.String({ pattern: '^/' }),
    owner: Type.String({ minLength: 1 }),
    ...InRoles,
    /** argv that writes a consistent copy to standard output; a plain copy of `path` where absent. */
    dump: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
    /** argv that reads such a copy from standard input. */
    load: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
  },
  strict,
);
export type StateItem = Static<typeof StateItem>;

export const Look = Type.Object(
  {
    logo: Type.Optional(Type.String({ pattern: '^look/', description: 'SVG or PNG in the image folder, below `look/`' })),
    colours: Type.Optional(
      Type.Object(
        { primary: Type.String({ pattern: '^#[0-9a-fA-F]{6}$' }), accent: Type.Optional(Type.String({ pattern: '^#[0-9a-fA-F]{6}$' })) },
        strict,
      ),
    ),
    support: Type.Optional(Type.String({ format: 'uri' })),
    privacy: Type.Optional(Type.String({ format: 'uri' })),
    languages: Type.Optional(Type.Array(Type.Enum(['en', 'ja', 'ru']), { minItems: 1, uniqueItems: true })),
    keyboard: Type.Optional(
      Type.String({
        pattern: '^[a-z]{2,8}$',
        description: "The console's keyboard until the owner says otherwise: a layout such as `us`, `jp` or `ru`",
      }),
    ),
  },
  strict,
);
export type Look = Static<typeof Look>;

/** A DNS record that the product wants for the owner's domain; values as in a zone file (RFC 1035, 5.1), relative to the domain. */
export const DnsRecord = Type.Object(
  {
    name: Type.String({
      pattern: '^(@|\\*|(\\*\\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*)$',
      description: "Below the owner's domain: `@` for the domain itself, `*` for every name below it, or a name such as `www`",
    }),
    type: Type.Enum(['A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT']),
    value: Type.Optional(
      Type.String({
        pattern: '^[ -~]{1,1000}$',
        description:
          "What it must say, as in a zone file: `@` is the domain. By default the unit's addresses (A, AAAA) or the domain (CNAME, NS, MX with preference 10)",
      }),
    ),
    from: Type.Optional(
      Type.String({ minLength: 1, description: 'Setting (dotted path) that is its value; the record is not wanted where that is empty' }),
    ),
    ...InRoles,
    required: Type.Optional(Type.Boolean({ default: false, description: 'The unit is not finalised without it; else it is a warning' })),
    when: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Union([Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean()]), { minItems: 1 }), Type.Literal('set')]),
        { description: 'Wanted only while each setting named here (dotted path) has one of these values; `set`: any that is not empty' },
      ),
    ),
  },
  strict,
);
export type DnsRecord = Static<typeof DnsRecord>;

/** Files that the owner adds to the product: kept over upgrades, because they are part of its state. */
export const PluginKind = Type.Object(
  {
    title: Texts,
    into: Type.String({ pattern: '^/', description: 'Folder on the unit, within a path of `state`' }),
    suffix: Type.String({ pattern: '^\\.[a-z0-9.]+$', description: 'How the names of its files end, such as `.jar`' }),
    restart: Type.Optional(
      Type.Array(Type.String(), { uniqueItems: true, description: 'Services of this image that are restarted when one comes or goes' }),
    ),
  },
  strict,
);
export type PluginKind = Static<typeof PluginKind>;

export const NextStep = Type.Object(
  {
    text: Texts,
    link: Type.Optional(
      Type.String({
        pattern: '^(https?://[^\\s"<>]+|/[^\\s"<>]*)$',
        maxLength: 500,
        description: "A full URL, or a path below the product's own address such as `/admin/`",
      }),
    ),
    ...InRoles,
  },
  strict,
);
export type NextStep = Static<typeof NextStep>;

/** What an image decides about set-up in the owner's place. */
export const Setup = Type.Object(
  {
    sections: Type.Optional(
      Type.Array(SectionName, {
        minItems: 1,
        uniqueItems: true,
        description: 'The screens of the setup page, in this order; all where absent. What is left out keeps its defaults',
      }),
    ),
    administrator: Type.Optional(
      Type.Object(
        {
          login: Type.Optional(
            Type.String({
              pattern: '^[a-z_][a-z0-9_-]{0,31}$',
              description: "The administrator's login; the owner's to choose where absent",
            }),
          ),
        },
        strict,
      ),
    ),
    nextSteps: Type.Optional(
      Type.Array(NextStep, {
        minItems: 1,
        maxItems: 10,
        description:
          'What the owner does once the unit is ready, in this order: the end of the setup page shows it. Where absent, one line about logging in',
      }),
    ),
  },
  strict,
);
export type Setup = Static<typeof Setup>;

export const Probes = Type.Object(
  { smoke: Type.Optional(Type.Array(NamedProbe)), acceptance: Type.Optional(Type.Array(NamedProbe)) },
  strict,
);

export const Unit = Type.Object(
  {
    schemaVersion: Type.Literal(1),
    name: Type.String(),
    version: Type.String(),
    title: Texts,
    look: Type.Optional(Look),
    setup: Type.Optional(Setup),
    roles: Type.Optional(Type.Record(Type.String(), Role)),
    services: Type.Record(Type.String(), Service),
    ports: Type.Array(Port),
    state: Type.Record(Type.String(), StateItem),
    /** Where absent: an address for the domain. */
    dns: Type.Optional(Type.Array(DnsRecord)),
    plugins: Type.Optional(Type.Record(Type.String(), PluginKind)),
    steps: Type.Array(Step),
    probes: Probes,
  },
  strict,
);
export type Unit = Omit<Static<typeof Unit>, 'steps'> & {
  steps: Step[];
  /** Of a unit whose role is known (`unitForRole`); in no file. */
  ownRole?: OwnRole;
};

/** /usr/lib/unit/release.json. */
export const Release = Type.Object(
  {
    schemaVersion: Type.Literal(1),
    image: Type.String(),
    version: Type.String(),
    architecture: Type.Enum(['amd64']),
    definitionHash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    lockHash: Type.Union([Type.String({ pattern: '^[0-9a-f]{64}$' }), Type.Null()]),
    stepProtocol: Type.Integer(),
    builder: Type.String(),
  },
  strict,
);
export type Release = Static<typeof Release>;
