/**
 * The image definition, `images/<name>/image.yaml`: one schema from which the types, the checks, the editor's JSON
 * Schema and the reference table come. Cross-field rules are in rules/, reading with positions in load.ts.
 */
import Type, { type Static } from 'typebox';

import { NamedProbe } from '../../firstboot/contract/probe.ts';
import { Service } from '../../firstboot/contract/service.ts';
import { Step } from '../../firstboot/contract/step.ts';
import { Texts } from '../../firstboot/contract/texts.ts';
import { Look, Port, StateItem } from '../../firstboot/contract/unit.ts';
import { Artifact } from '../sources/artifact.ts';

const strict = { additionalProperties: false } as const;
const Size = Type.String({ pattern: '^[0-9]+ ?(MiB|GiB)$', description: 'A size with its unit: `512 MiB`, `10 GiB`' });
const Name = Type.String({ pattern: '^[a-z][a-z0-9-]{0,62}$', description: 'Lower-case letters, digits and hyphens' });

export const FormatName = Type.Enum(['ova', 'qcow2', 'raw', 'vmdk']);
export type FormatName = Static<typeof FormatName>;

export const ImageDefinition = Type.Object(
  {
    unitsmith: Type.Literal(1, { description: 'Version of this format' }),
    name: Name,
    version: Type.String({ pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+([-+.][0-9A-Za-z.-]+)?$' }),
    title: Texts,
    description: Texts,
    vendor: Type.Object({ name: Type.String({ minLength: 1 }), url: Type.Optional(Type.String({ format: 'uri' })) }, strict),
    look: Type.Optional(Look),
    eula: Type.Optional(Type.String({ description: 'Text file in the image folder' })),
    base: Type.Object(
      { distribution: Type.Enum(['debian', 'ubuntu']), suite: Type.String({ pattern: '^[a-z]+$' }), architecture: Type.Enum(['amd64']) },
      strict,
    ),
    kernel: Type.Optional(
      Type.Enum(['generic', 'cloud'], { default: 'generic', description: '`cloud` is smaller and lacks e1000 and LSI Logic' }),
    ),
    packages: Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9+.-]+$' }), { uniqueItems: true }),
    artifacts: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]*$' }), Artifact)),
    services: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]*$' }), Service),
    ports: Type.Array(Port),
    state: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]*$' }), StateItem),
    steps: Type.Array(Step),
    probes: Type.Object({ smoke: Type.Optional(Type.Array(NamedProbe)), acceptance: Type.Optional(Type.Array(NamedProbe)) }, strict),
    cloudInit: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'cloud-config fragment baked into /etc/cloud/cloud.cfg.d' }),
    ),
    hardware: Type.Object(
      {
        cpus: Type.Integer({ minimum: 1, maximum: 128 }),
        memory: Size,
        disk: Size,
        dataDisks: Type.Optional(Type.Array(Type.Object({ name: Name, size: Size }, strict))),
      },
      strict,
    ),
    formats: Type.Array(FormatName, { minItems: 1, uniqueItems: true }),
    audit: Type.Optional(
      Type.Object(
        { except: Type.Array(Type.Object({ rule: Type.String(), path: Type.String(), reason: Type.String({ minLength: 10 }) }, strict)) },
        strict,
      ),
    ),
    budget: Type.Optional(Type.Object({ ova: Type.Optional(Size), qcow2: Type.Optional(Size), installed: Type.Optional(Size) }, strict)),
  },
  { ...strict, title: 'Unitsmith image definition' },
);
export type ImageDefinition = Omit<Static<typeof ImageDefinition>, 'steps'> & { steps: Step[] };

/** A definition as read: validated, frozen, and with the folder it came from. */
export interface LoadedImage {
  definition: Readonly<ImageDefinition>;
  /** Absolute path of the image's folder. */
  folder: string;
  /** Hash of the whole folder but for sample/, README*, and lock.json. */
  hash: string;
  /** The product's settings schema (settings.schema.json), parsed; undefined where the image has none. */
  settingsSchema: Readonly<Record<string, unknown>> | undefined;
}

/** Bytes of a size such as `10 GiB`. */
export function bytesOf(size: string): number {
  const match = /^([0-9]+) ?(MiB|GiB)$/.exec(size);
  if (match === null) throw new Error(`not a size: ${size}`);
  return Number(match[1]) * (match[2] === 'GiB' ? 2 ** 30 : 2 ** 20);
}
