/**
 * Steps finalise a unit. Each names a change kind (`use`: one file in firstboot/apply/changes/) and its parameters
 * (`with`). Strings in `with` are handlebars templates over `{ settings, secrets, unit }`.
 */
import Type, { type Static } from 'typebox';

import { InRoles } from './role.ts';
import { Texts } from './texts.ts';

const strict = { additionalProperties: false } as const;
const Name = Type.String({ pattern: '^[a-z][a-z0-9-]*$' });
const VariableName = Type.String({ pattern: '^[A-Z][A-Z0-9_]+$' });
const AbsolutePath = Type.String({ pattern: '^/' });
const Mode = Type.String({ pattern: '^0?[0-7]{3,4}$', description: 'Octal, as in chmod(1)' });
const Ownership = {
  owner: Type.Optional(Type.String({ minLength: 1 })),
  group: Type.Optional(Type.String({ minLength: 1 })),
  mode: Type.Optional(Mode),
};

/** The kind of file that a template writes: decides how inserted values are quoted. */
export const TemplateFormat = Type.Enum(['ini', 'json', 'yaml', 'python', 'shell', 'systemd', 'nginx', 'properties', 'xml', 'sql', 'text']);
export type TemplateFormat = Static<typeof TemplateFormat>;

export const StepParameters = {
  user: Type.Object(
    {
      name: Type.String({ pattern: '^[a-z_][a-z0-9_-]*$' }),
      home: Type.Optional(AbsolutePath),
      shell: Type.Optional(AbsolutePath),
      groups: Type.Optional(Type.Array(Type.String())),
      system: Type.Optional(Type.Boolean()),
    },
    strict,
  ),
  directory: Type.Object({ path: AbsolutePath, ...Ownership }, strict),
  secret: Type.Object(
    {
      name: Name,
      length: Type.Optional(Type.Integer({ minimum: 8, maximum: 1024, default: 32, description: 'Characters' })),
      alphabet: Type.Optional(Type.Enum(['alphanumeric', 'hex', 'base64'])),
      from: Type.Optional(Type.String({ description: 'A setting (dotted path) that gives the value where the owner set one' })),
    },
    strict,
  ),
  template: Type.Object(
    { from: Type.String({ description: "File under the image's templates/" }), to: AbsolutePath, format: TemplateFormat, ...Ownership },
    strict,
  ),
  /**
   * A product's own configuration files, with names of variables in the places of values (`REG_IP_ADDRESS`): whole words are
   * replaced, in texts and in file names. In a role that follows another its leader renders them, but for what is the unit's own.
   */
  variables: Type.Object(
    {
      from: Type.String({ pattern: '^/', description: 'Folder or `.tgz` on the unit, or a folder with one `.tgz` in it and nothing else' }),
      folder: Type.Optional(Type.String({ pattern: '^[^/]', description: 'Folder in it whose files are taken' })),
      to: AbsolutePath,
      values: Type.Record(VariableName, Type.String(), {
        description: 'A value (template) for each variable; `SECRET` for one that is generated once, and kept',
      }),
      own: Type.Optional(
        Type.Record(VariableName, Type.String(), {
          description: 'Further ones, which a unit that follows fills in itself, from its own settings',
        }),
      ),
      certificate: Type.Optional(
        Type.Object(
          { chain: Type.String({ minLength: 1 }), key: Type.String({ minLength: 1 }) },
          { ...strict, description: "Files in the tree that the unit's certificate and its key are written to; names may have variables" },
        ),
      ),
      owner: Type.Optional(Type.String({ minLength: 1 })),
      group: Type.Optional(Type.String({ minLength: 1 })),
    },
    strict,
  ),
  /** Debian's `main` cluster of the installed version. The other PostgreSQL steps make it too; name it to configure it before. */
  'postgresql-cluster': Type.Object({ locale: Type.Optional(Type.String({ minLength: 1, default: 'C.UTF-8' })) }, strict),
  'postgresql-role': Type.Object(
    { name: Type.String({ minLength: 1 }), password: Type.Optional(Type.String({ description: 'Name of a secret' })) },
    strict,
  ),
  'postgresql-database': Type.Object(
    {
      name: Type.String({ minLength: 1 }),
      owner: Type.String({ minLength: 1 }),
      settings: Type.Optional(Type.Record(Type.String(), Type.String())),
    },
    strict,
  ),
  /** A `container` artifact of the image in Docker, which a `service` step has started before. */
  'container-image': Type.Object({ container: Type.String({ pattern: '^[a-z][a-z0-9-]*$', description: 'Name of the artifact' }) }, strict),
  service: Type.Object(
    {
      name: Type.String({ description: 'A service of this image; it and those before it are started and awaited' }),
      action: Type.Optional(
        Type.Enum(['start', 'begin', 'restart', 'stop'], {
          description: '`begin` starts it while further steps run: the end of all steps waits for it',
        }),
      ),
    },
    strict,
  ),
  command: Type.Object(
    {
      run: Type.Array(Type.String(), { minItems: 1 }),
      check: Type.Optional(Type.Array(Type.String(), { minItems: 1, description: 'argv that exits 0 where the change is already made' })),
      creates: Type.Optional(AbsolutePath),
      user: Type.Optional(Type.String()),
      cwd: Type.Optional(AbsolutePath),
      stdin: Type.Optional(Type.String({ description: 'Template; the way for secrets into a program' })),
      timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: 86400, default: 600 })),
    },
    strict,
  ),
  /** An executable of the image's apply.d/, by the step protocol below. */
  executable: Type.Object(
    {
      file: Type.String({ pattern: '^[0-9]{2}-[a-z0-9-]+$' }),
      reads: Type.Optional(Type.Array(Type.String({ description: 'Settings that it reads (dotted paths)' }))),
      secrets: Type.Optional(Type.Array(Name)),
      timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: 86400, default: 600 })),
    },
    strict,
  ),
} as const;
export type StepKind = keyof typeof StepParameters;

/** The only parameters that may hold secrets: they reach a program by standard input, or a file whose mode is seen to. */
export const SECRET_PARAMETERS: Readonly<Partial<Record<StepKind, readonly string[]>>> = {
  command: ['stdin'],
  variables: ['values', 'own'],
};

const common = { id: Name, title: Texts, ...InRoles };
const variants = (Object.keys(StepParameters) as StepKind[]).map((kind) =>
  Type.Object({ ...common, use: Type.Literal(kind), with: StepParameters[kind] }, strict),
);

export const Step = Type.Union(variants, { description: 'A step: `use` names a change kind, `with` its parameters' });
export type StepOf<K extends StepKind> = { id: string; title: Texts; roles?: string[]; use: K; with: Static<(typeof StepParameters)[K]> };
export type Step = { [K in StepKind]: StepOf<K> }[StepKind];

/**
 * Version of the protocol between the runner and apply.d/ executables: called with one argument (`check`, `apply` or
 * `undo`); `{ settings, unit, secrets: { name: path } }` as JSON on standard input, where each secret's path is a file
 * readable by the executable alone; `check` exits 0 where nothing is to do and 1 where there is; `apply` and `undo` exit
 * 0 on success. The last line on standard output may be `{ "message": "..." }`.
 */
export const STEP_PROTOCOL = 1;
