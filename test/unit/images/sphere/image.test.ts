import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { ImageDefinition } from '../../../../builder/definition/definition.ts';
import { inspectImage } from '../../../../builder/definition/inspect.ts';
import { basePackages } from '../../../../builder/payload/base.ts';
import { predecessors } from '../../../../firstboot/contract/service.ts';
import { settingsOf } from '../../../../firstboot/settings/walk.ts';
import { IMAGE, imageFile } from './image.ts';
import { PACKAGES } from './seed.ts';

const definition = parse(await imageFile('image.yaml')) as ImageDefinition;

describe('the definition of sphere', () => {
  it('has no finding', async () => {
    const { findings } = await inspectImage(IMAGE, { cwd: IMAGE });
    expect(findings).toEqual([]);
  });

  it('installs what the instructions install', () => {
    const all = [...definition.packages, ...basePackages(definition)];
    expect(PACKAGES.filter((name) => !all.includes(name))).toEqual([]);
  });

  it('speaks three languages', async () => {
    const texts = [
      definition.title,
      definition.description,
      ...definition.steps.map(({ title }) => title),
      ...Object.values(definition.services).map(({ title }) => title),
      ...settingsOf(JSON.parse(await imageFile('settings.schema.json'))).flatMap(({ schema }) => [schema['x-titles'], schema['x-help']]),
    ];
    for (const text of texts) expect(Object.keys(text ?? {}).sort()).toEqual(['en', 'ja', 'ru']);
  });

  it('starts the application after what it needs, and the web server after it', () => {
    expect(predecessors('uwsgi', definition.services)).toEqual(['memcached', 'postgresql', 'rabbitmq']);
    expect(predecessors('supervisor', definition.services)).toEqual(['memcached', 'postgresql', 'rabbitmq']);
    expect(predecessors('nginx', definition.services)).toEqual(['uwsgi']);
  });

  it('pins every Python package, each once', async () => {
    const lines = (await imageFile('requirements.txt')).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    for (const line of lines) expect(line).toMatch(/^[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*$/);
    const names = lines.map((line) => line.split('==')[0]?.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
  });

  it('holds no symbolic link: npm packages lose them', async () => {
    const entries = await readdir(IMAGE, { recursive: true, withFileTypes: true });
    expect(entries.filter((entry) => entry.isSymbolicLink())).toEqual([]);
  });

  it('proves everything that is in sample/acceptance', async () => {
    const scripts = (await readdir(`${IMAGE}/sample/acceptance`)).filter((name) => /^[0-9]/.test(name)).sort();
    const named = (definition.probes.acceptance ?? []).flatMap(({ probe }) =>
      'command' in probe ? probe.command[0]?.split('/').at(-1) : [],
    );
    expect(named.sort()).toEqual(scripts);
  });

  it('asks every unit for nothing that only the sample has', async () => {
    const app = await Promise.all(
      (await readdir(`${IMAGE}/sample/app/core`))
        .filter((name) => name.endsWith('.py'))
        .map((name) => imageFile(`sample/app/core/${name}`)),
    );
    const routes = app.flatMap((text) => [...text.matchAll(/blueprint\.[a-z]+\("(\/[a-z]+)/g)].map(([, route]) => route as string));
    expect(routes).toContain('/health');
    const smoke = JSON.stringify(definition.probes.smoke);
    for (const own of [...routes, 'contains', '/run/unit-proof']) expect(smoke).not.toContain(own);
  });
});

describe('the READMEs', () => {
  it('say the same in two languages, row by row', async () => {
    const [english, russian] = await Promise.all([imageFile('README.md'), imageFile('README.ru.md')]);
    // Names in code spans are the same in every language, but for placeholders.
    const rows = (text: string): string[][] =>
      text
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .map((line) => (line.match(/`[^`]+`/g) ?? []).filter((code) => !/[а-я(]/i.test(code.replace(/[A-Za-z]/g, ''))));
    expect(rows(russian)).toEqual(rows(english));
  });
});
