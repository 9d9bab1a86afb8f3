/** The import guides hold what they show: user-data that cloud-init takes, answers that the unit takes, keys that the OVA has. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import {
  CLOUD_INIT_SCHEMAS,
  cloudConfigProblems,
  networkConfigProblems,
  readCloudInitSchemas,
} from '../../../builder/definition/cloud-init.ts';
import { parseYaml } from '../../../builder/definition/document.ts';
import { vappProperties } from '../../../builder/formats/ova/properties.ts';
import { UNIT_PATHS } from '../../../firstboot/contract/unit.ts';
import { validateAnswers } from '../../../firstboot/settings/index.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const GUIDES = join(ROOT, 'builder/formats/guides');
/** Of an installed or unpacked cloud-init, where the machine has one: the fixture is an excerpt. */
const REAL = [process.env['UNITSMITH_CLOUD_INIT_SCHEMAS'], `/${CLOUD_INIT_SCHEMAS}`].find(
  (folder) => folder !== undefined && existsSync(folder),
);
const SCHEMAS = readCloudInitSchemas(join(ROOT, 'test/fixtures/cloud-init-schemas'));
const PRODUCT = JSON.parse(readFileSync(join(ROOT, 'images/sphere/settings.schema.json'), 'utf8')) as object;
const text = (name: string): string => readFileSync(join(GUIDES, name), 'utf8');
const names = readdirSync(GUIDES);

/** Fenced blocks of one language, without the indentation that they have in a list. */
function blocks(name: string, language: string): string[] {
  return [...text(name).matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^\\1\`\`\``, 'gm'))].map(([, indent = '', body = '']) =>
    body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

interface CloudConfig {
  write_files?: { path: string; permissions: string; content: string }[];
}

/** The user-data of a guide, that in a Heat template too, with its parameters filled in. */
function cloudConfigs(name: string): string[] {
  return blocks(name, 'yaml').flatMap((block) => {
    if (block.startsWith('#cloud-config')) return [block];
    const server = (
      parse(block) as { resources?: { server?: { properties: { user_data: { str_replace: { template: string; params: object } } } } } }
    ).resources?.server;
    if (server === undefined) return [];
    const { template, params } = server.properties.user_data.str_replace;
    return [
      Object.keys(params).reduce(
        (filled, key) => filled.replaceAll(key, key === '%email%' ? 'a@example.org' : 'value.example.org'),
        template,
      ),
    ];
  });
}

describe('guides', () => {
  it('are those that README.md names, and the one that they share', () => {
    const linked = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/builder\/formats\/guides\/([a-z-]+\.md)/g)].map(
      ([, name]) => name,
    );
    expect(names.toSorted()).toEqual([...new Set([...linked, 'first-boot.md'])].sort());
  });

  it.each(names.filter((name) => name !== 'first-boot.md'))('%s leads on to first boot', (name) => {
    expect(text(name)).toContain('(first-boot.md)');
  });

  it('show user-data of what every unit has a use for', () => {
    const all = names.flatMap(cloudConfigs);
    expect(all.length).toBeGreaterThanOrEqual(3);
    for (const config of all) {
      for (const key of Object.keys(parse(config) as object)) expect(['ssh_authorized_keys', 'write_files']).toContain(key);
    }
  });

  it.skipIf(REAL === undefined)(
    `show user-data that cloud-init's own schema takes${REAL === undefined ? ': there is no cloud-init here' : ''}`,
    async () => {
      const schemas = await readCloudInitSchemas(REAL ?? '');
      for (const config of names.flatMap(cloudConfigs)) {
        const { document } = parseYaml(new TextEncoder().encode(config), 'user-data');
        expect(document).toBeDefined();
        expect(document === undefined ? [] : cloudConfigProblems(document, schemas)).toEqual([]);
      }
    },
  );

  it('show answers that a unit takes without a page, written where it looks for them', () => {
    const files = names.flatMap(cloudConfigs).flatMap((config) => (parse(config) as CloudConfig).write_files ?? []);
    expect(files).toHaveLength(2);
    for (const { path, content, permissions } of files) {
      expect({ path, permissions }).toEqual({ path: UNIT_PATHS.cloudInitAnswers, permissions: '0600' });
      expect(validateAnswers(parse(content), PRODUCT)).toEqual([]);
      expect(parse(content)).toMatchObject({ unattended: true });
    }
  });

  it('show a network configuration that cloud-init takes', async () => {
    const block = blocks('esxi-host-client.md', 'yaml').find((candidate) => candidate.startsWith('instance-id')) ?? '';
    const { document } = parseYaml(new TextEncoder().encode(block), 'meta-data');
    expect(document).toBeDefined();
    expect(document === undefined ? [] : networkConfigProblems(document, await SCHEMAS)).toEqual([]);
  });

  it('name properties and networks that the OVA has', () => {
    const keys = vappProperties(PRODUCT).map(({ key }) => key);
    const options = JSON.parse(blocks('govc.md', 'json')[0] ?? '') as {
      PropertyMapping: { Key: string }[];
      NetworkMapping: { Name: string }[];
    };
    const named = [
      ...options.PropertyMapping.map(({ Key }) => Key),
      ...[...text('ovftool.md').matchAll(/--prop:([^=]+)=/g)].map(([, key]) => key),
    ];
    expect(named.length).toBeGreaterThanOrEqual(3);
    for (const key of named) expect(keys).toContain(key);
    expect(options.NetworkMapping).toMatchObject([{ Name: 'VM Network' }]);
  });

  it('name one file, the one that a bake of this version writes', () => {
    const { version } = parse(readFileSync(join(ROOT, 'images/sphere/image.yaml'), 'utf8')) as { version: string };
    for (const name of names) {
      for (const [file] of text(name).matchAll(/sphere-\d[\w.-]*\.(?:ova|ovf|qcow2)/g))
        expect(file).toMatch(new RegExp(`^sphere-${version}-amd64\\.`));
    }
    expect(existsSync(join(ROOT, 'images/sphere/sample/answers.yaml'))).toBe(true);
  });
});
