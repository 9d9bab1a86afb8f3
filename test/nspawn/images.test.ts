/**
 * Each image that is not baked into a machine by test/vm, in a container: its root file system, finalised with the sample
 * answers, must do all that the image promises.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { Cleanup } from '../../builder/kit/cleanup.ts';
import { defaultCacheDir, packageRoot } from '../../builder/kit/paths.ts';
import { waitFor } from '../../builder/vm/wait.ts';
import { gateOf, startOrder } from '../../firstboot/contract/ordering.ts';
import { type Service, unitOf } from '../../firstboot/contract/service.ts';
import type { Unit } from '../../firstboot/contract/unit.ts';
import { unitForRole } from '../../firstboot/contract/unit-role.ts';
import { buildBundle } from '../helpers/cli-bundle.ts';
import { testContext } from '../helpers/context.ts';
import { openLab } from '../helpers/nspawn/lab.ts';
import { whyNoContainers } from '../helpers/nspawn/needs.ts';
import { bakeTree } from '../helpers/nspawn/tree.ts';
import type { NspawnUnit } from '../helpers/nspawn/unit.ts';

const IMAGES = join(packageRoot(), 'images');
/** test/vm has these from definition to artefact. UNITSMITH_IMAGES=a,b tries those instead of all others. */
const IN_MACHINES = ['sphere', 'starter'];
const images =
  process.env.UNITSMITH_IMAGES?.split(',') ??
  readdirSync(IMAGES).filter((name) => existsSync(join(IMAGES, name, 'image.yaml')) && !IN_MACHINES.includes(name));

const why = whyNoContainers();
if (why !== undefined) console.log(`no image is tried in a container: ${why}`);
const isLocked = (name: string): boolean => existsSync(join(IMAGES, name, 'lock.json'));
for (const name of images)
  if (!isLocked(name)) process.stdout.write(`skipped: ${name} in a container: it has no lock.json (unitsmith lock ${name})\n`);

/** What apt runs. */
const readHook = (configuration: string): string => /^DPkg::Post-Invoke \{ "(.*)"; \};$/m.exec(configuration)?.[1] ?? '';

describe.skipIf(why !== undefined).each(images.filter(isLocked))('%s in a container', (name) => {
  const folder = join(IMAGES, name);
  const cleanup = new Cleanup();
  let unit: NspawnUnit;

  beforeAll(async () => {
    await buildBundle();
    const { ctx, events } = testContext({ cacheDir: defaultCacheDir(process.env) });
    const tree = join(mkdtempSync(join(tmpdir(), `${name}-`)), 'tree');
    await bakeTree(ctx, folder, tree, { artifacts: process.env.UNITSMITH_ARTIFACTS?.split(',') ?? [] });
    unit = await (await openLab(ctx, cleanup)).boot(tree, { name, address: '10.77.0.2' });
    for (const event of events)
      if (event.type === 'stage-finished') console.log(`  ${name}: ${event.stage} ${Math.round(event.seconds)} s`);
  });

  afterAll(async () => {
    expect(await cleanup.run()).toEqual([]);
  });

  it('boots with nothing failed', async () => {
    expect(await unit.failedUnits(), await unit.journal()).toEqual([]);
  });

  it('opens SSH where its owner has given a key, and nowhere else', async () => {
    const inForce = (): Promise<string> => unit.output(['cat', '/run/unit/firewall']);
    expect(await inForce()).toBe('/etc/unit/firewall/waiting.nft');
    await unit.output('mkdir -p /root/.ssh && echo "ssh-ed25519 AAAA owner" >/root/.ssh/authorized_keys');
    await unit.output(['systemctl', 'restart', 'unit-firewall-ssh.service']);
    expect(await inForce()).toBe('/etc/unit/firewall/waiting-ssh.nft');
  });

  it('is finalised with the sample answers', async () => {
    const steps = (await unit.finalise(join(folder, 'sample', 'answers.yaml'))).map(({ step }) => step);
    expect(steps.at(-1)).toBe('finish:firewall');
  });

  it('passes its probes', async () => {
    const { probes } = finalised();
    expect(await unit.probe('smoke')).toHaveLength(probes.smoke?.length ?? 0);
    expect(await unit.probe('acceptance')).toHaveLength(probes.acceptance?.length ?? 0);
  });

  it('is up again after an upgrade that stopped a service which others need', async () => {
    const { services } = finalised();
    const [first = ''] = startOrder(services);
    const gates = startOrder(services).map(gateOf).join(' ');
    const allOpen = async (): Promise<true | undefined> =>
      (await unit.run(`! systemctl is-active ${gates} | grep -qvx active`)).exitCode === 0 ? true : undefined;
    const service = unitOf(first, services[first] as Service);
    // As prerm and postinst of a package do, and then apt.
    await unit.output(`systemctl stop ${service} && systemctl start ${service}`, { timeout: 300 });
    expect(await allOpen()).toBeUndefined();
    await unit.output(readHook(await unit.output(['cat', '/etc/apt/apt.conf.d/60unit-services'])));
    expect(await waitFor(allOpen, unit.deadline(300), new AbortController().signal, 1000)).toBe(true);
    await unit.probe('smoke');
  });

  /** The definition as it is for the role of the sample answers. */
  function finalised(): Unit {
    const read = (path: string): unknown => parse(readFileSync(join(folder, path), 'utf8'));
    const { cluster } = read('sample/answers.yaml') as { cluster?: { role: string } };
    return unitForRole(read('image.yaml') as Unit, cluster?.role);
  }
});
