import { Argument } from 'commander';

import { probeAll } from '../apply/probes.ts';
import { ExitCode } from '../kit/errors.ts';
import type { Ctl } from './cli.ts';
import { readUnit } from './unit-files.ts';

export function register(ctl: Ctl): void {
  ctl.program
    .command('probe')
    .description("Try the product with its image's probes. Exit code 1 where one does not pass.")
    .addArgument(new Argument('<set>').choices(['smoke', 'acceptance']))
    .option('--once', 'ask each a single time instead of until its timeout')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl probe smoke\n  unitctl probe acceptance --json')
    .action(
      ctl.run(async (session, set: 'smoke' | 'acceptance', options: { once?: boolean }) => {
        const unit = await readUnit(session.system);
        const results = await probeAll(session.system, unit.probes[set] ?? [], { once: options.once === true });
        session.emit({ type: 'result', command: 'probe', data: { set, results } });
        for (const { title, passed, message, seconds } of results) {
          session.print(
            `${passed ? 'passed' : 'FAILED'}  ${title} (${seconds.toFixed(1)} s)${message === '' ? '' : `\n        ${message}`}`,
          );
        }
        return results.every(({ passed }) => passed) ? ExitCode.ok : ExitCode.notReady;
      }),
    );
}
