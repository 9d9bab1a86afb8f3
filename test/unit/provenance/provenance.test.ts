import { describe, expect, it } from 'vitest';

import { compileSchema } from '../../../builder/kit/schema.ts';
import { makeProvenance, Provenance, type ProvenanceRequest, provenanceText } from '../../../builder/provenance/provenance.ts';

const hash = (digit: string): string => digit.repeat(64);

const REQUEST: ProvenanceRequest = {
  image: { name: 'sphere', version: '1.0.0', hash: hash('a') },
  base: { distribution: 'debian', suite: 'trixie', architecture: 'amd64' },
  lock: { sha256: hash('b'), differs: { added: [], removed: [], changed: [{ name: 'curl', from: '8.1', to: '8.2' }] } },
  archive: {
    lines: ['deb http://user:secret@mirror.example/debian trixie main', 'deb [trusted=yes] copy:/home/somebody/cache ./'],
    index: 'f00',
    updated: '2026-01-02T03:04:05.000Z',
  },
  packages: [
    { name: 'zlib1g', version: '1:1.3', architecture: 'amd64', sha256: hash('c') },
    { name: 'adduser', version: '3.152', architecture: 'all' },
  ],
  artifacts: {
    payload: {
      locked: {
        kind: 'url',
        files: [
          { name: 'b.tar', sha256: hash('d') },
          { name: 'a.tar', sha256: hash('e') },
        ],
      },
      components: [
        { type: 'file', name: 'b.tar', sha256: hash('d'), url: 'https://user:secret@files.example/b.tar?token=secret' },
        { type: 'file', name: 'a.tar', sha256: hash('e'), url: 'file:///home/somebody/a.tar' },
      ],
      override: { path: '/home/somebody/own.tar', sha256: hash('f') },
    },
  },
  files: [
    { name: 'sphere-1.0.0-amd64.qcow2', sha256: hash('8') },
    { name: 'sphere-1.0.0-amd64.ova', sha256: hash('9') },
  ],
  stages: { rootfs: hash('1'), disk: hash('2') },
  builderVersion: '0.1.0',
  tools: { qemu: '7.2', packer: '1.6.6' },
};

describe('provenance', () => {
  it('keeps to its schema', () => {
    expect(compileSchema(Provenance)(makeProvenance(REQUEST))).toEqual([]);
    expect(compileSchema(Provenance)(makeProvenance({ ...REQUEST, lock: undefined }))).toEqual([]);
  });

  it('tells nothing of the host and no credentials', () => {
    const text = provenanceText(makeProvenance(REQUEST));
    expect(text).not.toMatch(/secret|somebody|\/home|user:|mirror\.example/);
    expect(text).toContain('"https://files.example/b.tar"');
  });

  it('names the public archive, whether another stood in for it, and the hash of the index that was read', () => {
    const lines = [
      'deb http://deb.debian.org/debian trixie main',
      'deb http://deb.debian.org/debian trixie-updates main',
      'deb http://security.debian.org/debian-security trixie-security main',
    ];
    const { updated } = REQUEST.archive;
    expect(makeProvenance(REQUEST).archive).toEqual({ lines, mirrored: true, index: 'f00', updated });
    const direct = { lines, index: 'f01', updated };
    expect(makeProvenance({ ...REQUEST, archive: direct }).archive).toEqual({ lines, mirrored: false, index: 'f01', updated });
  });

  it('records overrides and differences from the lock', () => {
    const { artifacts, lock } = makeProvenance(REQUEST);
    expect(artifacts['payload']?.overridden).toEqual({ sha256: hash('f') });
    expect(lock?.differs.changed).toEqual([{ name: 'curl', from: '8.1', to: '8.2' }]);
  });

  it('gives equal bytes whatever the order of what it is given', () => {
    const turned: ProvenanceRequest = {
      ...REQUEST,
      packages: [...REQUEST.packages].reverse(),
      files: [...REQUEST.files].reverse(),
      stages: { disk: hash('2'), rootfs: hash('1') },
      tools: { packer: '1.6.6', qemu: '7.2' },
    };
    expect(provenanceText(makeProvenance(turned))).toBe(provenanceText(makeProvenance(REQUEST)));
  });

  it('takes nothing over that the schema does not name', () => {
    const stray = { ...REQUEST, image: { ...REQUEST.image, folder: '/home/somebody/images' } };
    expect(provenanceText(makeProvenance(stray))).not.toContain('/home');
  });
});
