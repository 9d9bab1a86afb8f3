import { auditRuleNames } from '../audit/index.ts';
import { inspectImage } from '../definition/inspect.ts';
import { definitionJsonSchema } from '../definition/json-schema.ts';
import { findImages, resolveImage, show } from '../definition/resolve.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import type { Cli, Session } from './cli.ts';

export function register(cli: Cli): void {
  cli.program
    .command('check [image...]')
    .description('check image definitions; all images in ./images and of the package where none is named')
    .option('--schema', 'print the JSON Schema of image.yaml, for editors, and check nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  unitsmith check sphere\n  unitsmith check ./my-shop --json\n  unitsmith check --schema > image.schema.json\n\nExit code: 0 where nothing is wrong (warnings count as nothing), 1 where something is.',
    )
    .action(
      cli.run('check', async (session, images: string[], options: { schema?: boolean }) =>
        options.schema === true ? printSchema(session) : check(session, images),
      ),
    );
}

function printSchema(session: Session): ExitCode {
  const schema = definitionJsonSchema();
  session.ctx.events.emit({ type: 'result', command: 'check', data: { schema } });
  session.print(JSON.stringify(schema, undefined, 2));
  return ExitCode.ok;
}

async function check(session: Session, images: readonly string[]): Promise<ExitCode> {
  const cwd = process.cwd();
  const folders =
    images.length === 0 ? [...(await findImages(cwd)).values()] : await Promise.all(images.map((image) => resolveImage(image, cwd)));
  if (folders.length === 0) {
    throw new UserError('There is no image to check', {
      exitCode: ExitCode.usage,
      remedies: ['Name a folder, or write an image: unitsmith new NAME'],
    });
  }
  const results = [];
  for (const folder of folders) {
    session.ctx.signal.throwIfAborted();
    const { findings } = await inspectImage(folder, { cwd, auditRules: auditRuleNames() });
    for (const { rule, severity, problem } of findings) session.ctx.events.emit({ type: 'finding', rule, severity, problem });
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    results.push({ folder: show(folder, cwd), errors, warnings: findings.length - errors });
  }
  session.ctx.events.emit({ type: 'result', command: 'check', data: { images: results } });
  session.print(
    results.map(({ folder, errors, warnings }) => `${folder}: ${counted(errors, 'error')}, ${counted(warnings, 'warning')}`).join('\n'),
  );
  return results.some(({ errors }) => errors > 0) ? ExitCode.findings : ExitCode.ok;
}

function counted(count: number, what: string): string {
  if (count === 0) return `no ${what}s`;
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
