import { describe, expect, it } from 'vitest';

import { startOrder } from '../../../../firstboot/contract/ordering.ts';
import type { Unit } from '../../../../firstboot/contract/unit.ts';
import { unitForRole } from '../../../../firstboot/contract/unit-role.ts';

const tcp = { ready: { tcp: '127.0.0.1:1' } };
const files = (name: string, roles: string[]) => ({
  id: `${name}-files`,
  title: { en: name },
  roles,
  use: 'variables' as const,
  with: {
    from: `/usr/share/${name}.tgz`,
    to: `/var/${name}`,
    values: { DOMAIN: '{{settings.domain.name}}' },
    own: { CORE_ID: '{{settings.product.coreId}}' },
    certificate: { chain: 'a', key: 'b' },
  },
});
const UNIT: Unit = {
  schemaVersion: 1,
  name: 'platform',
  version: '1.0.0',
  title: { en: 'Platform' },
  setup: {
    sections: ['administrator', 'product'],
    nextSteps: [{ text: { en: 'Invite' }, roles: ['lead'] }, { text: { en: 'Look' } }],
  },
  roles: {
    lead: { title: { en: 'Leader' } },
    core: { title: { en: 'Core' }, follows: 'lead', unique: ['product.coreId'], sections: ['administrator'] },
    alone: { title: { en: 'All' } },
  },
  services: {
    redis: { ...tcp, roles: ['lead', 'alone'] },
    database: { ...tcp, roles: ['core'], unit: 'postgresql@17-main.service' },
    nginx: { ...tcp, after: ['redis', 'database'] },
  },
  ports: [
    { port: 443, purpose: 'All' },
    { port: 53, protocol: 'udp', purpose: 'DNS', roles: ['lead'] },
  ],
  state: { data: { kind: 'data', path: '/var/db', owner: 'root', roles: ['core'] } },
  dns: [
    { name: '@', type: 'NS', roles: ['lead'] },
    { name: 'www', type: 'A' },
  ],
  steps: [files('lead', ['lead']), files('core', ['core'])],
  probes: { smoke: [{ title: 'DNS', probe: { tcp: '127.0.0.1:53' }, roles: ['lead'] }] },
};

describe('a unit in a role', () => {
  it('has what belongs to the role, and what belongs to all', () => {
    const core = unitForRole(UNIT, 'core');
    expect(startOrder(core.services)).toEqual(['database', 'nginx']);
    expect(core.services['nginx']?.after).toEqual(['database']);
    expect(core.ports.map(({ port }) => port)).toEqual([443]);
    expect(Object.keys(core.state)).toEqual(['data']);
    expect(core.dns?.map(({ name }) => name)).toEqual(['www']);
    expect(core.probes.smoke).toEqual([]);
    expect(core.setup?.sections).toEqual(['administrator']);
    expect(core.setup?.nextSteps?.map(({ text }) => text.en)).toEqual(['Look']);
    expect(unitForRole(UNIT, 'lead').setup?.nextSteps?.map(({ text }) => text.en)).toEqual(['Invite', 'Look']);
    expect(core.ownRole).toEqual({ name: 'core', follows: 'lead', unique: ['product.coreId'], idle: ['redis.service'], followers: {} });
  });

  it('leaves the values of its files to the leader, who has them, but for its own', () => {
    expect(unitForRole(UNIT, 'core').steps.map(({ with: parameters }) => parameters)).toEqual([
      { from: '/usr/share/core.tgz', to: '/var/core', values: {}, own: { CORE_ID: '{{settings.product.coreId}}' } },
    ]);
    const lead = unitForRole(UNIT, 'lead');
    expect(lead.steps.map(({ id }) => id)).toEqual(['lead-files']);
    expect(lead.ownRole?.followers).toEqual({ core: [UNIT.steps[1]] });
    expect(lead.ports.map(({ port }) => port)).toEqual([443, 53, 8444]);
    expect(unitForRole(UNIT, 'alone').ports.map(({ port }) => port)).toEqual([443]);
  });

  it('is the whole image where no role is chosen', () => {
    expect(unitForRole(UNIT, undefined)).toBe(UNIT);
    expect(unitForRole(UNIT, 'unknown')).toBe(UNIT);
  });
});
