import { resolve } from 'node:path';
import { type Command, Option } from 'commander';

import { FORMATS } from '../formats/pack.ts';
import { COMPRESSIONS, type Compression } from '../formats/qcow2/write.ts';
import { ExitCode } from '../kit/errors.ts';
import { builderVersion } from '../kit/paths.ts';
import { fileSize } from '../report/text.ts';
import { bakeImage } from '../stages/bake-image.ts';
import type { Cli } from './cli.ts';
import { outFolder } from './out-folder.ts';
import { addOvfFlags, type OvfFlags, ovaOptionsGiven, ovfFlags, parseFormats } from './ovf-flags.ts';

/** What `npm run bake` bakes. */
const DEFAULT_IMAGE = 'sphere';

interface Flags extends OvfFlags {
  out: string;
  artifact: string[];
  formats?: string;
  update?: true;
  offline?: true;
  mirror?: string;
  onError: 'cleanup' | 'keep';
  keepTemplate?: string;
  proof: boolean;
  verify: 'none' | 'quick' | 'full';
  compression: Compression;
  ovaFolder?: true;
}

const EXAMPLES = `
Examples:
  unitsmith bake                                  the default image, ${DEFAULT_IMAGE}
  unitsmith bake ./my-image --out artefacts       an image of your own
  unitsmith bake ./sphere --artifact sphere=../sphere-bpms --artifact python=../wheels
                                                  the real product in place of the sample
  unitsmith bake sphere --formats ova --verify none
  unitsmith bake sphere --on-error keep           leaves the bake VM running for a look, with an SSH command line
  unitsmith --json bake sphere                    events for machines`;

/** `unitsmith bake [IMAGE]`. */
export function register(cli: Cli): void {
  const command = cli.program
    .command('bake')
    .description('bake an image: from its definition to artefacts that were proved by booting')
    .argument('[image]', 'name of an image, or path of its folder', DEFAULT_IMAGE)
    .option('-o, --out <folder>', 'where the artefacts go', 'out')
    .option(
      '--artifact <NAME=PATH>',
      'a file or folder in place of an artifact; may be repeated',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--formats <list>', `only these, separated by commas: ${FORMATS.join(', ')}`)
    .option('--update', 'ask the package archive now, not once a day')
    .addOption(new Option('--offline', 'take packages and artifacts from the cache only').conflicts('update'))
    .option('--mirror <url>', 'mirror of the package archive for this bake (or UNITSMITH_APT_MIRROR); never kept in the image')
    .addOption(new Option('--on-error <what>', 'when something fails in the bake VM').choices(['cleanup', 'keep']).default('cleanup'))
    .option('--keep-template <folder>', "write Packer's template and its files there; a folder with other files is refused")
    .option('--no-proof', 'do not boot and finalise the sealed disk')
    .addOption(new Option('--verify <matrix>', 'boot the artefacts as they ship').choices(['none', 'quick', 'full']).default('quick'))
    .option('--ova-folder', "leave the OVA's parts beside it")
    .addOption(new Option('--compression <kind>', 'of the qcow2').choices(COMPRESSIONS).default('zstd'));
  addOvfFlags(command)
    .addHelpText('after', EXAMPLES)
    .action(
      cli.run('bake', async ({ ctx, cleanup, print }, image: string, flags: Flags, command: Command) => {
        const result = await bakeImage(
          {
            image,
            builderVersion: builderVersion(),
            archive: {
              ...(flags.update === undefined ? {} : { update: true }),
              ...(flags.offline === undefined ? {} : { offline: true }),
              ...(flags.mirror === undefined ? {} : { mirror: flags.mirror }),
            },
            artifacts: flags.artifact,
            behaviour: { onError: flags.onError },
            ...(flags.keepTemplate === undefined ? {} : { keepTemplate: resolve(flags.keepTemplate) }),
            packaging: {
              ...(flags.formats === undefined ? {} : { formats: parseFormats(flags.formats) }),
              compression: flags.compression,
              ovaFolder: flags.ovaFolder ?? false,
              ovaOptions: ovaOptionsGiven(command),
              ovf: ovfFlags(flags),
            },
            out: await outFolder(flags.out),
            proof: flags.proof,
            verify: flags.verify,
          },
          ctx,
          cleanup,
        );
        ctx.events.emit({ type: 'result', command: 'bake', data: result });
        for (const file of result.files) print(`${fileSize(file.bytes).padStart(9)}  ${file.path}`);
        return ExitCode.ok;
      }),
    );
}
