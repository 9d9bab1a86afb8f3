import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';

import { Cleanup } from '../../../builder/kit/cleanup.ts';
import { answersIso } from '../../../builder/vm/seeds/answers.ts';
import { noCloudIso } from '../../../builder/vm/seeds/nocloud.ts';
import { ovfEnvironment, ovfEnvironmentIso } from '../../../builder/vm/seeds/ovf-environment.ts';
import { ANSWERS_LABELS } from '../../../firstboot/contract/unit.ts';
import { testContext } from '../../helpers/context.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** One file of an ISO, as another program reads it. */
function read(iso: string, name: string): string {
  const { stdout, stderr, status } = spawnSync('bsdtar', ['-xOf', iso, name], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

function label(iso: string): string {
  const { stdout } = spawnSync('xorriso', ['-indev', iso, '-pvd_info'], { encoding: 'utf8' });
  return /^Volume Id\s*:\s*(.+)$/m.exec(stdout)?.[1]?.trim() ?? '';
}

describe('seeds', () => {
  test('a NoCloud CD has its label and its files, byte for byte', async () => {
    const userData = '#cloud-config\n{"a": "ä & $HOME"}\n';
    const iso = await noCloudIso(
      testContext().ctx,
      { userData, metaData: '{"instance-id": "i-1"}', networkConfig: 'version: 2\n' },
      cleanup,
    );
    expect(label(iso)).toBe('CIDATA');
    expect(read(iso, 'user-data')).toBe(userData);
    expect(read(iso, 'meta-data')).toBe('{"instance-id": "i-1"}');
    expect(read(iso, 'network-config')).toBe('version: 2\n');
    await cleanup.run();
    expect(existsSync(iso)).toBe(false);
  });

  test('an answers CD has the label that units look for', async () => {
    const iso = await answersIso(testContext().ctx, Buffer.from('a: "ä"\n'), cleanup);
    expect(label(iso)).toBe(ANSWERS_LABELS[0]);
    expect(read(iso, 'answers.yaml')).toBe('a: "ä"\n');
  });

  test('an OVF environment CD has a label with a space', async () => {
    const properties = { 'unit.answers': 'x'.repeat(65535), 'unit.text': '<&>"\'' };
    const iso = await ovfEnvironmentIso(testContext().ctx, properties, cleanup);
    expect(label(iso)).toBe('OVF ENV');
    expect(read(iso, 'ovf-env.xml')).toBe(ovfEnvironment(properties));
  });
});
