import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import { ImageDefinition } from '../../../builder/definition/definition.ts';
import { parseJson, parseYaml } from '../../../builder/definition/document.ts';
import { inspectImage } from '../../../builder/definition/inspect.ts';
import { loadImage } from '../../../builder/definition/load.ts';
import { readTemplate } from '../../../builder/definition/references.ts';
import { unitOf } from '../../../builder/definition/unit-json.ts';
import { compileSchema } from '../../../builder/kit/schema.ts';
import { Unit } from '../../../firstboot/contract/unit.ts';
import { plainViolations } from '../../../firstboot/settings/words.ts';
import { testContext } from '../../helpers/context.ts';
import { runs } from '../../helpers/runs.ts';
import { folderOf } from './folder-of.ts';

/** Every pointer into `value`, as segments. */
function waysInto(value: unknown, way: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [way];
  const entries = Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value);
  return [way, ...entries.flatMap(([name, member]) => waysInto(member, [...way, name]))];
}

const WRONG = [null, 5, 'wrong value', [], {}, [{}], { x: 1 }, true];

function set(data: unknown, way: readonly (string | number)[], value: unknown): void {
  const holder = way.slice(0, -1).reduce((node, name) => (node as Record<string | number, unknown>)[name], data);
  (holder as Record<string | number, unknown>)[way.at(-1)!] = value;
}

describe('whatever a file holds', () => {
  it('parsers give a document or problems with a place, and never throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          for (const read of [parseYaml, parseJson]) {
            const { document, problems } = read(bytes, 'f');
            if (document === undefined) for (const { where } of problems) expect(where?.line).toBeGreaterThan(0);
            expect(document === undefined).toBe(problems.length > 0);
          }
        },
      ),
      runs(500),
    );
  });

  it('templates are read or have a fault with a place', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '{{#if ',
      '{{/if}}',
      '{{else}}',
      'settings.a',
      '../x',
      '@root.',
      ' as |x|',
      '(',
      ')',
      '"',
      '{{{',
      '{{!--',
      '\\',
      '\n',
      '{{#each a}}',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 12 }), (pieces) => {
        const { fault } = readTemplate(pieces.join(''));
        if (fault !== undefined) expect(fault.line).toBeGreaterThan(0);
      }),
      runs(500),
    );
  });

  it('a damaged image.yaml has findings, each with a place in a file', { timeout: 60_000 }, async () => {
    const folder = await folderOf();
    const file = join(folder, 'image.yaml');
    const text = await readFile(file, 'utf8');
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.nat(20), fc.string({ maxLength: 6 }), async (at, length, other) => {
        await writeFile(file, text.slice(0, at) + other + text.slice(at + length));
        for (const { problem } of (await inspectImage(folder, { cwd: folder })).findings) {
          expect(problem.where?.file).toBeTruthy();
          expect(problem.message).not.toMatch(/undefined|\[object|anyOf/);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('a wrong value anywhere in image.yaml is told in plain words', async () => {
    const text = await readFile(new URL('../../fixtures/definitions/whole/image.yaml', import.meta.url), 'utf8');
    const good = parse(text) as object;
    const ways = waysInto(good).filter((way) => way.length > 0);
    const validate = compileSchema(ImageDefinition);
    for (const way of ways) {
      for (const value of WRONG) {
        const document = structuredClone(good);
        set(document, way, value);
        for (const { message, suggestion } of plainViolations(validate(document), ImageDefinition, document, { showValues: true })) {
          expect(`${message} ${suggestion ?? ''}`).not.toMatch(/undefined|\[object|anyOf|must NOT|schema in/);
        }
      }
    }
  });

  it('rules take every value that the schema takes', { timeout: 60_000 }, async () => {
    const folder = await folderOf();
    const file = join(folder, 'image.yaml');
    const text = await readFile(file, 'utf8');
    const validate = compileSchema(ImageDefinition);
    const values = [null, true, 5, 70000, 'x', '/', '..', 'ü b', [], {}];
    const good = parse(text) as object;
    const accepted = waysInto(good).flatMap((way) =>
      values.flatMap((value) => {
        const document = structuredClone(good);
        if (way.length > 0) set(document, way, value);
        return way.length > 0 && validate(document).length === 0 ? [document] : [];
      }),
    );
    expect(accepted.length).toBeGreaterThan(100);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...accepted), async (document) => {
        await writeFile(file, stringify(document));
        for (const { problem } of (await inspectImage(folder, { cwd: folder })).findings) expect(problem.where?.file).toBeTruthy();
      }),
      { numRuns: 20 },
    );
  });
});

describe('unitOf', () => {
  it('gives what the contract of unit.json says, and nothing of the builder', async () => {
    const unit = unitOf(await loadImage(await folderOf(), testContext().ctx));
    expect(compileSchema(Unit)(JSON.parse(JSON.stringify(unit)))).toEqual([]);
    expect(Object.keys(unit)).toEqual([
      'schemaVersion',
      'name',
      'version',
      'title',
      'look',
      'services',
      'ports',
      'state',
      'dns',
      'steps',
      'probes',
    ]);
    expect(unit).toMatchObject({
      schemaVersion: 1,
      name: 'whole',
      services: { app: { timeout: 300 } },
      state: { database: { owner: 'postgres' } },
    });
  });
});
