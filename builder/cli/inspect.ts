import { type InspectReport, inspect } from '../inspect/inspect.ts';
import { rules } from '../inspect/rules/index.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import type { Cli, Session } from './cli.ts';

const EXAMPLES = `
Examples:
  unitsmith inspect appliance.ova
  unitsmith inspect folder/appliance.ovf
  unitsmith inspect appliance-disk1.vmdk
  unitsmith --json inspect appliance.ova
  unitsmith inspect --rules

Exit code: 0 where every importer takes it (warnings count as nothing), 1 where one would refuse it.`;

/** `unitsmith inspect FILE`. */
export function register(cli: Cli): void {
  cli.program
    .command('inspect')
    .description('check an OVA, an OVF or a VMDK against what importers demand')
    .argument('[file]', 'the file; it is only read')
    .option('--rules', 'list the rules instead')
    .addHelpText('after', EXAMPLES)
    .action(cli.run('inspect', inspectFile));
}

async function inspectFile({ ctx, print }: Session, file: string | undefined, options: { rules?: true }): Promise<ExitCode> {
  if (options.rules === true) return listRules({ ctx, print });
  if (file === undefined) {
    throw new UserError('There is no file to inspect', { exitCode: ExitCode.usage, remedies: ['unitsmith inspect FILE.ova'] });
  }
  const report = await inspect(file, ctx);
  for (const { rule, severity, message, where, remedy } of report.findings) {
    ctx.events.emit({ type: 'finding', rule, severity, problem: { message, where, suggestion: remedy } });
  }
  ctx.events.emit({ type: 'result', command: 'inspect', data: report });
  print(summaryOf(report));
  return report.findings.some(({ severity }) => severity === 'error') ? ExitCode.findings : ExitCode.ok;
}

function listRules({ ctx, print }: Pick<Session, 'ctx' | 'print'>): ExitCode {
  for (const { name, severity, demand } of rules) print(`${name.padEnd(22)} ${severity.padEnd(8)} ${demand}`);
  const data = rules.map(({ name, severity, scope, demand }) => ({ name, severity, scope, demand }));
  ctx.events.emit({ type: 'result', command: 'inspect', data: { rules: data } });
  return ExitCode.ok;
}

function summaryOf({ file, rules: held, findings }: InspectReport): string {
  const count = (severity: string, word = severity): string => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return `${number} ${word}${number === 1 ? '' : 's'}`;
  };
  if (findings.length === 0) return `${file}: nothing found by ${held.length} rules`;
  return `${file}: ${count('error')}, ${count('warning')}, ${count('info', 'note')} from ${held.length} rules`;
}
