import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';

import { packageRoot } from '../../../builder/kit/paths.ts';
import type { Stage } from '../../../builder/pipeline/stage.ts';

type Codes = Record<string, string>;

let stageCodes: (root: string, plugins?: Plugin[]) => Promise<Codes>;
let codes: Codes;

beforeAll(async () => {
  ({ stageCodes } = (await import(pathToFileURL(join(packageRoot(), 'builder', 'stage-code.mjs')).href)) as {
    stageCodes: typeof stageCodes;
  });
  codes = await stageCodes(packageRoot());
});

/** Stages whose code is another one where `old` is replaced in a source file of the builder. */
async function changed(file: string, old: string, text: string): Promise<string[]> {
  const source = readFileSync(join(packageRoot(), 'builder', file), 'utf8');
  if (!source.includes(old)) throw new Error(`${file} does not hold: ${old}`);
  const edit: Plugin = {
    name: 'edit',
    setup({ onLoad }) {
      const loaded = { contents: source.replace(old, () => text), loader: 'ts' } as const;
      onLoad({ filter: /./ }, ({ path }) => (path === join(packageRoot(), 'builder', file) ? loaded : undefined));
    },
  };
  const after = await stageCodes(packageRoot(), [edit]);
  expect(Object.keys(after)).toEqual(Object.keys(codes));
  return Object.keys(after).filter((name) => after[name] !== codes[name]);
}

describe('the code of stages', () => {
  it('is the same for the same sources', async () => {
    expect(await stageCodes(packageRoot())).toEqual(codes);
    expect(new Set(Object.values(codes)).size).toBe(Object.keys(codes).length);
  });

  it('is known of every stage, by its own name', async () => {
    const folder = join(packageRoot(), 'builder', 'stages');
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
    const names: string[] = [];
    for (const file of files) {
      const exported = (await import(pathToFileURL(join(folder, file)).href)) as Record<string, Partial<Stage<unknown, unknown>>>;
      names.push(...Object.values(exported).flatMap(({ name, inputs, open }) => (inputs && open && name ? [name] : [])));
    }
    expect(Object.keys(codes).sort()).toEqual(names.sort());
    // One that is not exported has no code, and the runner refuses it.
    const declared = files.flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(/^(?:export )?const \w+: Stage</gm)]);
    expect(declared).toHaveLength(names.length);
  });

  it.each([
    ['a step of the stage itself', 'stages/disk.ts', "'writing partitions and file systems'", "'writing'", ['disk']],
    ['a tool that one stage runs', 'tools/mke2fs.ts', "'-t'", "'-T'", ['disk']],
    ['a rule of the audit', 'audit/rules/leases.ts', "name: '", "name: 'x", ['audit']],
    ['a comment', 'stages/disk.ts', '/**', '/** More. ', []],
    ['a type', 'stages/disk.ts', 'diskBytes: number;', 'diskBytes: number;\n  more?: string;', []],
    ['what no stage does', 'cli/bake.ts', "'where the artefacts go'", "'elsewhere'", []],
  ])('changes with %s, and only where that counts', async (_what, file, old, text, stages) => {
    expect(await changed(file, old, text)).toEqual(stages);
  });

  it('changes everywhere with what runs programs', async () => {
    expect(await changed('kit/command.ts', "LANG: 'C.UTF-8'", "LANG: 'C'")).toEqual(expect.arrayContaining(['rootfs', 'disk', 'bake']));
  });
});
