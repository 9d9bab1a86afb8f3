import { mailTest } from '../sections/mail/test-message.ts';
import type { Ctl } from './cli.ts';
import { reportCheck } from './findings.ts';
import { knownSettings } from './known-settings.ts';
import { readProductSchema, readUnit } from './unit-files.ts';

export function register(ctl: Ctl): void {
  ctl.program
    .command('mail')
    .description("The unit's outgoing mail.")
    .command('test')
    .description('Send a test message by the settings, and show what was said where it fails. Exit code 1 where it does.')
    .option('--to <address>', 'who gets it; mail.noticesTo or else mail.senderAddress by default')
    .option('--language <tag>', 'en, ja or ru', 'en')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl mail test --to me@example.org\n  unitctl mail test --json')
    .action(
      ctl.run(async (session, options: { to?: string; language: string }) => {
        const { system } = session;
        const unit = await readUnit(system);
        const { settings } = await knownSettings(system, await readProductSchema(system));
        const parameters = options.to === undefined ? {} : { recipient: options.to };
        const report = await mailTest().run({ system, unit, settings, parameters });
        return reportCheck(session, 'mail test', report, options.language);
      }),
    );
}
