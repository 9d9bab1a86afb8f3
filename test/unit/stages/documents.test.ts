import { expect, it } from 'vitest';

import { withNames } from '../../../builder/stages/documents.ts';
import type { VerifyReport } from '../../../builder/verify/report.ts';

it('names files in verify.json as they ship, wherever the report has them', () => {
  const path = '/home/someone/.cache/unitsmith/stages/qcow2/0123/disk.qcow2';
  const report: VerifyReport = {
    schemaVersion: 1,
    passed: true,
    files: [{ path, kind: 'qcow2', bytes: 1, sha256: null, virtualSize: 1 }],
    acceleration: { kind: 'tcg', cpuModel: 'max' },
    started: '2026-01-01T00:00:00.000Z',
    seconds: 1,
    scenarios: [
      { name: 'a', file: path, facts: { boot: { from: path } }, console: [`booting ${path}`] } as unknown as VerifyReport['scenarios'][0],
    ],
    clones: [{ rule: 'identity', severity: 'error', message: `clones share machine-id: a of ${path}, b of ${path}` }],
  };
  const named = withNames(report, ['sphere.qcow2']);
  expect(JSON.stringify(named)).not.toContain('/home/someone');
  expect([named.files[0]?.path, named.scenarios[0]?.file]).toEqual(['sphere.qcow2', 'sphere.qcow2']);
  expect(named.clones[0]?.message).toBe('clones share machine-id: a of sphere.qcow2, b of sphere.qcow2');
});
