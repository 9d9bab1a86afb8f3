import { join, resolve } from 'node:path';
import { show } from '../definition/resolve.ts';
import { writeSkeleton } from '../definition/skeleton.ts';
import { ExitCode } from '../kit/errors.ts';
import { shellWord } from '../kit/shell-word.ts';
import type { Cli } from './cli.ts';

export function register(cli: Cli): void {
  cli.program
    .command('new <name>')
    .description('write the commented skeleton of an image, which bakes as it stands')
    .option('--folder <folder>', 'folder in which the image gets its own', 'images')
    .addHelpText('after', '\nExamples:\n  $ unitsmith new my-shop\n  $ unitsmith new my-shop --folder ~/appliances')
    .action(
      cli.run('new', async (session, name: string, options: { folder: string }) => {
        const cwd = process.cwd();
        const folder = await writeSkeleton(name, resolve(cwd, options.folder));
        const image = folder === join(cwd, 'images', name) ? name : quoted(show(folder, cwd));
        session.ctx.events.emit({ type: 'result', command: 'new', data: { name, folder } });
        session.print(`Wrote ${show(folder, cwd)}/\n\nNext:\n  unitsmith check ${image}\n  unitsmith bake ${image}`);
        return ExitCode.ok;
      }),
    );
}

/** With a slash, so that it is read as a folder. */
function quoted(folder: string): string {
  return shellWord(folder.includes('/') ? folder : `./${folder}`);
}
