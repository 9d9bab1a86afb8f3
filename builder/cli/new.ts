import { resolve } from 'node:path';
import { imageWord, show } from '../definition/resolve.ts';
import { writeSkeleton } from '../definition/skeleton.ts';
import { ExitCode } from '../kit/errors.ts';
import type { Cli } from './cli.ts';

export function register(cli: Cli): void {
  cli.program
    .command('new <name>')
    .description('write the commented skeleton of an image, which bakes as it stands')
    .option('--folder <folder>', 'folder in which the image gets its own', 'images')
    .addHelpText('after', '\nExamples:\n  unitsmith new my-shop\n  unitsmith new my-shop --folder ~/appliances')
    .action(
      cli.run('new', async (session, name: string, options: { folder: string }) => {
        const cwd = process.cwd();
        const folder = await writeSkeleton(name, resolve(cwd, options.folder));
        const image = imageWord(folder, cwd);
        session.ctx.events.emit({ type: 'result', command: 'new', data: { name, folder } });
        session.print(`Wrote ${show(folder, cwd)}/\n\nNext:\n  unitsmith check ${image}\n  unitsmith bake ${image}`);
        return ExitCode.ok;
      }),
    );
}
