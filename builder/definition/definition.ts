/**
 * The image definition, `images/<name>/image.yaml`: one schema from which the types, the checks, the editor's JSON
 * Schema and the reference table come. Cross-field rules are in rules/, reading with positions in load.ts.
 */
import Type, { type Static, type TRecord, type TSchema } from 'typebox';

import { NamedProbe } from '../../firstboot/contract/probe.ts';
import { Role } from '../../firstboot/contract/role.ts';
import { Service } from '../../firstboot/contract/service.ts';
import { Step } from '../../firstboot/contract/step.ts';
import { Texts } from '../../firstboot/contract/texts.ts';
import { DnsRecord, Look, PluginKind, Port, Setup, StateItem } from '../../firstboot/contract/unit.ts';
import { Artifact } from '../sources/artifact.ts';

const strict = { additionalProperties: false } as const;
const Size = Type.String({ pattern: '^[0-9]+ ?(MiB|GiB)$', description: 'A size with its unit: `512 MiB`, `10 GiB`' });
const NAME = '^[a-z][a-z0-9-]{0,62}$';
const NAME_HINT = 'Lower-case letters, digits and hyphens, a letter first';
const Name = Type.String({ pattern: NAME, description: NAME_HINT });
const FileName = Type.String({ pattern: '^[^/].*$', description: 'File, relative to the image folder' });

/** A group whose member names are up to the author. */
function named<T extends TSchema>(item: T, description: string): TRecord<string, T> {
  return Type.Record(Type.String({ pattern: NAME }), item, { ...strict, propertyNames: { description: NAME_HINT }, description });
}

export const FormatName = Type.Enum(['ova', 'qcow2', 'raw', 'vmdk', 'vagrant-libvirt', 'vagrant-virtualbox']);
export type FormatName = Static<typeof FormatName>;

const Base = Type.Object(
  { distribution: Type.Enum(['debian', 'ubuntu']), suite: Type.String({ pattern: '^[a-z]+$' }), architecture: Type.Enum(['amd64']) },
  { ...strict, description: 'The distribution that the image is made of' },
);

const Hardware = Type.Object(
  {
    cpus: Type.Integer({ minimum: 1, maximum: 128 }),
    memory: Size,
    disk: Type.String({ ...Size, description: 'Size of the system disk, at least `4 GiB`; grows with the disk that it is given' }),
    dataDisks: Type.Optional(
      Type.Array(Type.Object({ name: Name, size: Size }, strict), {
        // SCSI addresses after the system disk's 0; 7 is the adapter's own.
        maxItems: 6,
        description: 'Empty disks, at most 6, that the OVA attaches; nothing on the unit formats or mounts them',
      }),
    ),
  },
  { ...strict, description: 'The virtual machine that importers are offered' },
);

const Audit = Type.Object(
  {
    except: Type.Array(
      Type.Object(
        {
          rule: Type.String({ description: 'Name of the audit rule' }),
          path: Type.String({
            pattern: '^([a-z*?][a-z0-9*?-]*:)?/',
            description:
              'Absolute path on the unit, or `NAME:/path` in a container image; `*` and `?` stand within a name, `**` across folders',
          }),
          reason: Type.String({ minLength: 10, description: 'Why this is no danger' }),
          optional: Type.Optional(
            Type.Boolean({ description: 'For what --artifact may put there: no warning where nothing breaks the rule', default: false }),
          ),
        },
        strict,
      ),
    ),
  },
  { ...strict, description: 'Findings of the audit that are right in this image' },
);

export const ImageDefinition = Type.Object(
  {
    unitsmith: Type.Literal(1, { description: 'Version of this format' }),
    name: Name,
    version: Type.String({
      pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+([-+.][0-9A-Za-z.-]+)?$',
      description: 'Version of the image, such as `1.4.0` or `2.0.0-rc.1`',
    }),
    title: Texts,
    description: Texts,
    vendor: Type.Object(
      { name: Type.String({ minLength: 1 }), url: Type.Optional(Type.String({ format: 'uri' })) },
      { ...strict, description: 'Who publishes the image' },
    ),
    look: Type.Optional(Look),
    setup: Type.Optional(Setup),
    roles: Type.Optional(
      named(
        Role,
        'What units of this image can be; the owner chooses first. Members below belong to all roles, or to those that their `roles` name',
      ),
    ),
    eula: Type.Optional(Type.String({ ...FileName, description: 'Text file in the image folder, shown before an OVA is imported' })),
    base: Base,
    kernel: Type.Optional(
      Type.Enum(['generic', 'cloud'], { default: 'generic', description: '`cloud` is smaller and lacks e1000 and LSI Logic' }),
    ),
    packages: Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9+.-]+$', description: 'Name of a Debian package' }), {
      uniqueItems: true,
      description: 'Packages of the distribution, beyond those that every unit has; recommended packages are not taken',
    }),
    artifacts: Type.Optional(named(Artifact, 'What does not come from the distribution, each held to its hash')),
    services: named(Service, 'What runs on the unit, in its start order, each with a readiness probe'),
    ports: Type.Array(Port, { description: 'What the firewall lets in; everything else stays closed' }),
    state: named(StateItem, 'What the product keeps: reset, backup and replication stand on it'),
    dns: Type.Optional(
      Type.Array(DnsRecord, {
        description:
          "DNS records that the owner's domain is to have, shown before the unit is finalised; an address for the domain where absent",
      }),
    ),
    plugins: Type.Optional(named(PluginKind, 'Files that the owner may add to the product, by `unitctl plugin`')),
    steps: Type.Array(Step, { description: 'What finalises the unit, in this order' }),
    probes: Type.Object(
      {
        smoke: Type.Optional(Type.Array(NamedProbe, { description: 'Tried on the unit itself whenever it is set up' })),
        acceptance: Type.Optional(
          Type.Array(NamedProbe, {
            description: 'Tried at the proof of a bake, on the finished unit itself; only ports that are in `ports`',
          }),
        ),
      },
      { ...strict, description: 'What proves that a finished unit works' },
    ),
    cloudInit: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'cloud-config fragment baked into /etc/cloud/cloud.cfg.d' }),
    ),
    hardware: Hardware,
    formats: Type.Array(FormatName, { minItems: 1, uniqueItems: true, description: 'What `bake` writes' }),
    audit: Type.Optional(Audit),
    budget: Type.Optional(
      Type.Object(
        { ova: Type.Optional(Size), qcow2: Type.Optional(Size), installed: Type.Optional(Size) },
        { ...strict, description: 'Sizes that a bake must not exceed' },
      ),
    ),
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

/** MiB of a size such as `2 GiB`: always a whole number, as QEMU and OVF count memory. */
export function mebibytesOf(size: string): number {
  return bytesOf(size) / 2 ** 20;
}
