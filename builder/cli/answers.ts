import { answersTemplate } from '../../firstboot/settings/index.ts';
import { loadImage } from '../definition/load.ts';
import { ExitCode } from '../kit/errors.ts';
import type { Cli } from './cli.ts';

/** `unitsmith answers IMAGE`. */
export function register(cli: Cli): void {
  cli.program
    .command('answers')
    .description('print an answers file to fill in: every setting of an image with its type and default')
    .argument('<image>', 'name or folder of the image')
    .addHelpText(
      'after',
      '\nExamples:\n  unitsmith answers sphere > answers.yaml\n  unitsmith answers ./my-shop --json\n\nWith the answers: unitctl apply on a unit, unitsmith try --answers here.',
    )
    .action(
      cli.run('answers', async (session, name: string) => {
        const { definition, settingsSchema } = await loadImage(name, session.ctx);
        const template = answersTemplate(settingsSchema, `Answers for ${definition.title.en} ${definition.version}.`, definition.setup);
        session.ctx.events.emit({ type: 'result', command: 'answers', data: { template } });
        session.print(template.trimEnd());
        return ExitCode.ok;
      }),
    );
}
