import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { machineSize } from '../../../builder/cli/machine-size.ts';
import { portsToShow } from '../../../builder/cli/try.ts';
import { writeSkeleton } from '../../../builder/definition/skeleton.ts';
import { testContext } from '../../helpers/context.ts';

it("takes the image's hardware, but for what was asked for", async () => {
  const { ctx } = testContext();
  const image = await writeSkeleton('shop', await mkdtemp(join(tmpdir(), 'try-')));
  expect(await machineSize(ctx, image, {})).toEqual({ cpus: 1, memoryMiB: 1024 });
  expect(await machineSize(ctx, image, { cpus: 3 })).toEqual({ cpus: 3, memoryMiB: 1024 });
  expect(await machineSize(ctx, undefined, {})).toEqual({ cpus: 2, memoryMiB: 2048 });
  await writeFile(join(image, 'image.yaml'), 'name: [');
  expect(await machineSize(ctx, image, { memory: 512 })).toEqual({ cpus: 2, memoryMiB: 512 });
});

it('shows each TCP port once, and 80 only where it does not redirect, or was asked for', () => {
  const ports = [
    { port: 22, purpose: 'SSH' },
    { port: 80, purpose: 'HTTP' },
    { port: 443, purpose: 'HTTPS' },
    { port: 53, protocol: 'udp' as const, purpose: 'DNS' },
  ];
  const shown = (declared: typeof ports, wanted: number[]): number[] => portsToShow(declared, wanted).map(({ port }) => port);
  expect(shown(ports, [443, 8443])).toEqual([443, 8443]);
  expect(shown(ports, [80])).toEqual([80, 443]);
  expect(shown(ports.slice(0, 2), [])).toEqual([80]);
});
