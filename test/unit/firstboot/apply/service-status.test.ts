import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { serviceStatuses } from '../../../../firstboot/apply/service-status.ts';
import type { Service } from '../../../../firstboot/contract/service.ts';
import { System } from '../../../../firstboot/kit/system.ts';
import { fakeProgram } from '../../../helpers/fake-program.ts';
import { EMPTY_UNIT } from '../../../integration/firstboot/fake-unit.ts';

const READY: Service['ready'] = { tcp: '127.0.0.1:1' };
const UNIT = { ...EMPTY_UNIT, services: { web: { ready: READY, after: ['database'] }, database: { ready: READY } } };

/** systemctl that says the states of these units in the order of the question. */
function makeSystem(script: string): { system: System; calls: () => string[] } {
  const calls = join(mkdtempSync(join(tmpdir(), 'unitsmith-services-')), 'calls');
  writeFileSync(calls, '');
  const bin = fakeProgram('systemctl', `echo "$@" >>'${calls}'\n${script}`);
  return {
    system: new System({ root: '/', path: `${bin}:/usr/bin:/bin`, signal: new AbortController().signal }),
    calls: () => readFileSync(calls, 'utf8').trimEnd().split('\n'),
  };
}

test('all services are asked for at once, in start order, and ready where their gate is too', async () => {
  const { system, calls } = makeSystem(`printf 'ActiveState=%s\\nActiveEnterTimestampMonotonic=5\\n\\n' active activating active inactive`);
  expect(await serviceStatuses(system, UNIT)).toEqual([
    { name: 'database', unit: 'database.service', active: 'active', ready: true },
    { name: 'web', unit: 'web.service', active: 'activating', ready: false },
  ]);
  expect(calls()).toEqual([
    'show --property=ActiveState,ActiveEnterTimestampMonotonic -- database.service web.service unit-ready-database.service unit-ready-web.service',
  ]);
});

test('systemd that does not answer, and an image without services', async () => {
  const { system, calls } = makeSystem('exit 1');
  expect((await serviceStatuses(system, UNIT)).map(({ active, ready }) => [active, ready])).toEqual([
    ['unknown', false],
    ['unknown', false],
  ]);
  expect(await serviceStatuses(system, EMPTY_UNIT)).toEqual([]);
  expect(calls()).toHaveLength(1);
});
