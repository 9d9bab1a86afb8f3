import { type ImageSummary, summarise } from '../definition/summary.ts';
import { ExitCode } from '../kit/errors.ts';
import type { Cli } from './cli.ts';

export function register(cli: Cli): void {
  cli.program
    .command('list')
    .description('list the images in ./images and those that come with unitsmith')
    .addHelpText('after', '\nExamples:\n  unitsmith list\n  unitsmith list --json')
    .action(
      cli.run('list', async (session) => {
        const images = await summarise(process.cwd());
        session.ctx.events.emit({ type: 'result', command: 'list', data: { images } });
        session.print(images.length === 0 ? 'There are no images here. Write one: unitsmith new NAME' : table(images));
        return ExitCode.ok;
      }),
    );
}

function table(images: readonly ImageSummary[]): string {
  const rows = [
    ['NAME', 'VERSION', 'TITLE', 'FOLDER'],
    ...images.map(({ name, version, title, folder }) => [name, version ?? '?', title ?? 'cannot be read: see unitsmith check', folder]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
