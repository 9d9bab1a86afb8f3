import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { requireTools } from '../doctor/preflight.ts';
import { GUEST_SYSTEMS, type GuestSystem, OVF_DEFAULTS } from '../formats/ova/options.ts';
import { FORMATS, pack, refuseWithoutOva } from '../formats/pack.ts';
import { COMPRESSIONS, type Compression } from '../formats/qcow2/write.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import { fileSize } from '../report/text.ts';
import type { Cli } from './cli.ts';
import { outFolder } from './out-folder.ts';
import { addOvfFlags, type OvfFlags, ovaOptionsGiven, ovfFlags, parseFormats } from './ovf-flags.ts';

interface Flags extends OvfFlags {
  name: string;
  formats: string;
  out: string;
  compression: Compression;
  level?: number;
  cpus: number;
  memory: number;
  system: GuestSystem;
  title?: string;
  productVersion: string;
  vendor: string;
  annotation: string;
  ovaFolder?: true;
}

const EXAMPLES = `
Examples:
  unitsmith pack disk.qcow2 --name appliance
  unitsmith pack disk.raw --name appliance --formats ova,qcow2,raw --out artefacts
  unitsmith pack disk.qcow2 --name appliance --firmware efi --controller nvme --hardware-version 19
  unitsmith pack disk.qcow2 --name appliance --profile virtualbox`;

/** `unitsmith pack DISK --name NAME`. */
export function register(cli: Cli): void {
  const command = cli.program
    .command('pack')
    .description('package any raw, qcow2 or VMDK disk, ours or not')
    .argument('<disk>', 'the disk; it is only read')
    .requiredOption('--name <name>', 'base name of the files, and the name of the virtual machine')
    .option('--formats <list>', `separated by commas: ${FORMATS.join(', ')}`, 'ova')
    .option('-o, --out <folder>', 'where the files go', '.')
    .addOption(new Option('--compression <kind>', 'of the qcow2').choices(COMPRESSIONS).default('zstd'))
    .option('--level <n>', 'deflate level of the VMDK, 1 to 9', level)
    .option('--cpus <n>', 'processors in the OVF', positive, 2)
    .option('--memory <MiB>', 'memory in the OVF', positive, 2048)
    .addOption(new Option('--system <name>', 'guest system in the OVF').choices(GUEST_SYSTEMS).default('debian'))
    .option('--title <text>', 'product name in the OVF (default: the name)')
    .option('--product-version <text>', 'product version in the OVF', '1')
    .option('--vendor <text>', 'vendor in the OVF', 'unknown')
    .option('--annotation <text>', 'description in the OVF', '')
    .option('--ova-folder', "leave the OVA's parts beside it");
  addOvfFlags(command)
    .addHelpText('after', EXAMPLES)
    .action(
      cli.run('pack', async ({ ctx, cleanup, print }, disk: string, flags: Flags, command: Command) => {
        const name = checkedName(flags.name);
        const formats = parseFormats(flags.formats);
        refuseWithoutOva(formats, ovaOptionsGiven(command));
        const out = await outFolder(flags.out);
        await requireTools(['qemu-img', ...(formats.includes('raw') ? ['zstd'] : [])], ctx);
        const files = await pack(
          {
            disk: resolve(disk),
            baseName: name,
            formats,
            out,
            compression: flags.compression,
            ...(flags.level === undefined ? {} : { level: flags.level }),
            ovaFolder: flags.ovaFolder ?? false,
            ovf: {
              ...OVF_DEFAULTS,
              ...ovfFlags(flags),
              name,
              system: flags.system,
              product: { title: flags.title ?? name, version: flags.productVersion, vendor: flags.vendor },
              annotation: flags.annotation,
              cpus: flags.cpus,
              memoryMiB: flags.memory,
              properties: [],
              dataDisks: [],
            },
            mtime: SOURCE_TIME,
          },
          ctx,
          cleanup,
        );
        ctx.events.emit({ type: 'result', command: 'pack', data: { files } });
        for (const file of files) print(`${fileSize(file.bytes).padStart(9)}  ${file.path}`);
        return ExitCode.ok;
      }),
    );
}

/** Time of the OVA's members: the same disk and options give the same bytes, whenever they are packed. */
const SOURCE_TIME = new Date('2020-01-01T00:00:00Z');

/** What every importer and file system takes; longer or other names are refused by some. */
function checkedName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._+-]{0,79}$/.test(text)) return text;
  throw new UserError(`${JSON.stringify(text)} cannot be the name of an artefact`, {
    exitCode: ExitCode.usage,
    why: 'importers take letters, digits, dot, plus, hyphen and underscore, and at most 80 of them',
    remedies: ['give the full name as --title, and a plain one as --name'],
  });
}

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('a positive whole number is wanted.');
  return Number(text);
}

function level(text: string): number {
  if (!/^[1-9]$/.test(text)) throw new InvalidArgumentError('a number from 1 to 9 is wanted.');
  return Number(text);
}
