import { describe, expect, test } from 'vitest';

import { UserError } from '../../../builder/kit/errors.ts';
import { DATASOURCES, parseScenario, scenarioName, scenariosOf } from '../../../builder/verify/scenario.ts';
import { deal } from '../../../builder/verify/verify.ts';
import { CONTROLLERS, NICS } from '../../../builder/vm/spec.ts';

describe('matrices', () => {
  test('quick is three boots, ESXi’s own hardware first, and meets every firmware, card and datasource', () => {
    const quick = scenariosOf('quick');
    expect(quick.map(scenarioName)).toEqual(['bios+pvscsi+vmxnet3+none', 'uefi+nvme+e1000+nocloud', 'uefi+ahci+virtio+ovf']);
    expect(quick[0]).toMatchObject({ grow: true, scan: true });
    expect(new Set(quick.map(({ nic }) => nic)).size).toBe(NICS.length);
    expect(new Set(quick.map(({ datasource }) => datasource)).size).toBe(DATASOURCES.length);
  });

  test('full boots every controller once on each firmware that reads it, and every card meets every datasource', () => {
    const full = scenariosOf('full');
    const controllersOf = (wanted: string): string[] =>
      full.filter(({ firmware }) => firmware === wanted).map(({ controller }) => controller);
    expect(controllersOf('bios')).toEqual([...CONTROLLERS]);
    expect(controllersOf('uefi')).toEqual(['ahci', 'nvme', 'virtio-scsi', 'virtio-blk']);
    expect(new Set(full.map(({ nic, datasource }) => `${nic} ${datasource}`)).size).toBe(NICS.length * DATASOURCES.length);
    expect(full.filter(({ scan }) => scan).map(({ firmware }) => firmware)).toEqual(['bios', 'uefi']);
  });
});

describe('parseScenario', () => {
  test('a name is read back', () => {
    for (const scenario of scenariosOf('full')) expect(scenarioName(parseScenario(scenarioName(scenario)))).toBe(scenarioName(scenario));
    expect(parseScenario('bios+ahci+e1000').datasource).toBe('none');
  });

  test.each([
    ['bios', /is no scenario/],
    ['bios+ahci+e1000+none+x', /is no scenario/],
    ['efi+ahci+e1000', /`efi` is no firmware/],
    ['bios+lsilogic+e1000', /`lsilogic` is no disk controller/],
    ['bios+ahci+e1001', /`e1001` is no network card/],
    ['bios+ahci+e1000+ec2', /`ec2` is no datasource/],
  ])('%s is refused', (text, message) => {
    expect(() => parseScenario(text)).toThrow(UserError);
    expect(() => parseScenario(text)).toThrow(message);
  });
});

describe('deal', () => {
  const scenarios = scenariosOf('quick');

  test('one file gets every scenario', () => {
    expect(deal(['a'], scenarios).map(({ file }) => file)).toEqual(['a', 'a', 'a']);
  });

  test('several share them in turn', () => {
    expect(deal(['a', 'b'], scenarios).map(({ file, scenario }) => `${file} ${scenario.datasource}`)).toEqual([
      'a none',
      'b nocloud',
      'a ovf',
    ]);
  });

  test('more files than scenarios: each file is booted', () => {
    expect(deal(['a', 'b', 'c', 'd'], scenarios).map(({ file }) => file)).toEqual(['a', 'b', 'c', 'd']);
    expect(deal([], scenarios)).toEqual([]);
  });
});
