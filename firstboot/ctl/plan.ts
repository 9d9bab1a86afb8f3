import { textIn } from '../contract/texts.ts';
import { ExitCode } from '../kit/errors.ts';
import type { Ctl } from './cli.ts';
import { prepare } from './prepared.ts';

export function register(ctl: Ctl): void {
  ctl.program
    .command('plan')
    .description('Show what applying would do, in order. Nothing is changed.')
    .option('--answers <file>', 'answers file (YAML or JSON); the saved settings by default')
    .option('--language <tag>', 'en, ja or ru', 'en')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl plan --answers answers.yaml\n  unitctl plan --language ru')
    .action(
      ctl.run(async (session, options: { answers?: string; language: string }) => {
        const { plan } = await prepare(session.system, options.answers);
        session.emit({ type: 'result', command: 'plan', data: plan });
        session.print(`${plan.image} ${plan.version}`);
        for (const [index, entry] of plan.entries.entries()) {
          session.print(
            `${String(index + 1).padStart(3)}. ${textIn(entry.title, options.language)}: ${textIn(entry.words, options.language)}`,
          );
        }
        return ExitCode.ok;
      }),
    );
}
