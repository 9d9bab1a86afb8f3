import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { LANGUAGES, TEXTS, translator } from '../../../../firstboot/web/language.ts';
import { CHECK_VIEWS } from '../../../../firstboot/web/views.ts';
import { CHECKOUT } from '../../../helpers/cli-bundle.ts';

const WEB = join(CHECKOUT, 'firstboot', 'web');
const sources = (readdirSync(WEB, { recursive: true }) as string[])
  .filter((name) => /\.(ts|hbs)$/.test(name))
  .map((name) => readFileSync(join(WEB, name), 'utf8'))
  .join('\n');
const placeholders = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).sort();

it('has a file for each language', () => {
  expect(readdirSync(join(WEB, 'texts')).sort()).toEqual(LANGUAGES.map((language) => `${language}.json`).sort());
});

it.each(LANGUAGES)('has every text in %s, with the same parameters', (language) => {
  expect(Object.keys(TEXTS[language])).toEqual(Object.keys(TEXTS.en));
  for (const [key, text] of Object.entries(TEXTS[language])) {
    expect([key, text.trim()]).not.toEqual([key, '']);
    expect([key, placeholders(text)]).toEqual([key, placeholders(TEXTS.en[key as keyof typeof TEXTS.en])]);
  }
});

it('has no text that nothing shows, and templates ask for none that is missing', () => {
  const made = ['check.error', 'check.warning', 'check.info', 'check.ok'].concat(
    ['waiting', 'running', 'changed', 'same', 'failed'].map((state) => `progress.${state}`),
    ['result.next1', 'result.next2', 'result.next3'],
  );
  expect(
    Object.keys(TEXTS.en).filter((key) => !made.includes(key) && !sources.includes(`'${key}'`) && !sources.includes(`"${key}"`)),
  ).toEqual([]);
  const asked = [...sources.matchAll(/\{\{t "([\w.]+)"/g)].map(([, key = '']) => key);
  expect(asked.filter((key) => !(key in TEXTS.en))).toEqual([]);
  expect(asked.length).toBeGreaterThan(50);
});

it('puts parameters in, once', () => {
  const t = translator('en');
  expect(t('progress.count', { index: 1, count: 2, title: '{count} <b>' })).toBe('Step 1 of 2: {count} <b>');
});

it('names each check once', () => {
  const names = CHECK_VIEWS.map(({ section, check }) => `${section}.${check}`);
  expect(new Set(names).size).toBe(names.length);
});
