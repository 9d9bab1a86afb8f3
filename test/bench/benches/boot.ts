/** boot: from power-on to a log-in by SSH, with a cloud-init datasource and without one. */
import { type Cleanup, withCleanup } from '../../../builder/kit/cleanup.ts';
import type { Context } from '../../../builder/kit/context.ts';
import { ExitCode, UserError } from '../../../builder/kit/errors.ts';
import { noCloudIso } from '../../../builder/vm/seeds/nocloud.ts';
import type { Bench, Report } from '../bench.ts';
import type { Lab } from '../lab.ts';
import { bootMachine } from '../machine.ts';

/** Seconds, as on hardware virtualisation. */
const SSH_TIMEOUT = 90;
const SETTLE_TIMEOUT = 180;
const SLOWEST = 10;

export const bootBench: Bench = {
  name: 'boot',
  summary: 'power-on to SSH, with and without a cloud-init datasource; what holds the boot up',
  run: compareBoot,
};

interface Boot {
  secondsToSsh: number;
  /** systemd-analyze time: kernel, initrd, userspace. */
  summary: string;
  /** systemd-analyze blame, slowest first. */
  slowest: string[];
}

async function compareBoot(lab: Lab, ctx: Context): Promise<Report> {
  const disk = await lab.sealedDisk();
  if (disk === undefined) {
    throw new UserError(`no disk of ${lab.options.image} has been baked yet`, {
      exitCode: ExitCode.usage,
      remedies: ['npm run bake', 'npm run bench -- bake boot', 'npm run bench -- boot --disk FILE'],
    });
  }
  const bare = await firstBoot(lab, disk, false, ctx);
  const seeded = await firstBoot(lab, disk, true, ctx);
  return {
    title: 'boot: power-on to SSH, first boot',
    sides: { ours: 'no datasource', theirs: 'NoCloud' },
    rows: [{ what: 'power-on to SSH', unit: 'seconds', ours: bare.secondsToSsh, theirs: seeded.secondsToSsh }],
    notes: [
      'Each on a new overlay of the sealed disk: host keys are made, the root grows. BIOS, virtio-scsi, virtio-net.',
      ...[...described('no datasource', bare), ...described('NoCloud', seeded)],
    ],
    details: { bare, seeded },
  };
}

function described(what: string, { summary, slowest }: Boot): string[] {
  return [`${what}: ${summary}`, `${what}, slowest: ${slowest.map((line) => `\`${line}\``).join(', ')}`];
}

async function firstBoot(lab: Lab, disk: string, datasource: boolean, ctx: Context): Promise<Boot> {
  ctx.events.progress(`first boot ${datasource ? 'with NoCloud' : 'without a datasource'}`);
  return await withCleanup(async (cleanup: Cleanup) => {
    const cdroms = datasource ? [await noCloudIso(ctx, SEED, cleanup)] : [];
    const machine = await bootMachine(lab, { name: datasource ? 'bench-nocloud' : 'bench-bare', disk, cdroms }, ctx, cleanup);
    await machine.waitForSsh(machine.deadline(SSH_TIMEOUT));
    // Until then systemd-analyze refuses: the boot is not over. A degraded system is one that has booted, too.
    await machine.ssh(['systemctl', 'is-system-running', '--wait'], { timeout: machine.deadline(SETTLE_TIMEOUT).seconds });
    const summary = await machine.output(['systemd-analyze', 'time', '--no-pager']);
    const blame = await machine.output(['systemd-analyze', 'blame', '--no-pager']);
    const lines = blame.trim().split('\n').slice(0, SLOWEST);
    return {
      secondsToSsh: machine.secondsToSsh ?? Number.NaN,
      summary: summary.trim().split('\n')[0] ?? '',
      slowest: lines.map((line) => line.trim().replaceAll(/\s+/g, ' ')),
    };
  });
}

const SEED = { userData: '#cloud-config\n{}\n', metaData: '{"instance-id":"bench","local-hostname":"bench"}' };
