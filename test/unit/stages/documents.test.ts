import { expect, it } from 'vitest';

import type { Lock } from '../../../builder/definition/lock.ts';
import type { Provenance } from '../../../builder/provenance/provenance.ts';
import { type DocumentsInput, documents, withNames } from '../../../builder/stages/documents.ts';
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

const hash = (digit: string): string => digit.repeat(64);
const base = { distribution: 'debian', suite: 'trixie', architecture: 'amd64' } as const;
const resolved = (name: string, version: string): object => ({ name, version, architecture: 'amd64', sha256: hash('1') });

/** A bake that took a security update of nginx and one package that is new; `lock` is that of the image. */
function provenanceOf(lock: Lock | undefined): Provenance {
  const { 'provenance.json': text = '' } = documents({
    image: { definition: { name: 'shop', version: '1.0.0', title: { en: 'Shop' }, vendor: { name: 'Vendor' }, base }, hash: hash('a') },
    lock: lock === undefined ? undefined : { content: lock, sha256: hash('b') },
    resolved: {
      packages: [resolved('nginx', '1.26-3+deb13u1'), resolved('zstd', '1.5')],
      archive: { lines: [], index: hash('c'), updated: '2026-01-01T00:00:00.000Z' },
    },
    fetched: { artifacts: {} },
    inventory: { packages: [], python: [], npm: [], size: { installed: 1, packages: [], folders: [] } },
    auditReport: '[]',
    artefacts: [],
    files: [{ name: 'shop-1.0.0-amd64.ova', sha256: hash('9') }],
    stageIds: {},
    builderVersion: '0.1.0',
    tools: {},
  } as unknown as DocumentsInput);
  return JSON.parse(text) as Provenance;
}

it('says in the provenance how what was taken differs from the lock', () => {
  const packages = [
    { name: 'nginx', version: '1.26-3', sha256: hash('2') },
    { name: 'wget', version: '1.25', sha256: hash('3') },
  ];
  expect(provenanceOf({ schemaVersion: 1, base, packages, artifacts: {} }).lock).toEqual({
    sha256: hash('b'),
    differs: {
      added: [{ name: 'zstd', version: '1.5' }],
      removed: [{ name: 'wget', version: '1.25' }],
      changed: [{ name: 'nginx', from: '1.26-3', to: '1.26-3+deb13u1' }],
    },
  });
  expect(provenanceOf(undefined).lock).toBeNull();
});

it('says in the provenance which files it tells of', () => {
  expect(provenanceOf(undefined).files).toEqual([{ name: 'shop-1.0.0-amd64.ova', sha256: hash('9') }]);
});
