import { expect, it } from 'vitest';

import type { UnitStatus } from '../../../../firstboot/contract/helper.ts';
import { answersSchema, withRoles } from '../../../../firstboot/settings/index.ts';
import { translator } from '../../../../firstboot/web/language.ts';
import { sectionsOf } from '../../../../firstboot/web/sections.ts';

const roles = { lead: { title: { en: 'Leader' } }, core: { title: { en: 'Core' }, follows: 'lead' } };
const asked = { type: 'object', additionalProperties: false, properties: { name: { type: 'string' } } };
const status: UnitStatus = {
  state: 'waiting',
  settled: false,
  image: 'platform',
  version: '1.0.0',
  title: { en: 'Platform' },
  claimed: true,
  hostName: 'unit',
  addresses: [],
  fingerprint: '',
};

function screens(schema: object, sections?: string[]): string[] {
  const kept = { values: {}, secretsSet: [], origins: {}, problems: [], schema: answersSchema(schema) };
  return sectionsOf({ ...status, ...(sections === undefined ? {} : { sections }) }, kept, 'en', translator('en')).map(({ name }) => name);
}

it('the role is asked first, whatever screens an image wants', () => {
  expect(screens(withRoles(asked, roles))[0]).toBe('cluster');
  expect(screens(withRoles(asked, roles), ['product', 'administrator'])).toEqual(['cluster', 'product', 'administrator']);
});

it('an image without roles asks for none', () => {
  expect(screens(asked)).not.toContain('cluster');
  expect(screens(asked, ['product'])).toEqual(['product']);
});
