import { startOrder } from '../contract/ordering.ts';
import { type Service, unitOf } from '../contract/service.ts';
import type { Unit } from '../contract/unit.ts';
import { ExitCode, Interrupted, UnitError } from '../kit/errors.ts';
import type { Ctl, Session } from './cli.ts';
import { readUnit } from './unit-files.ts';
import { registerEverySecret } from './unit-secrets.ts';

interface Options {
  follow?: boolean;
  since?: string;
  lines: string;
}

/** Of first boot itself. */
export const OWN_UNITS = [
  'unit-adopt.service',
  'unit-apply.service',
  'unit-apply-resume.service',
  'unit-certificate.service',
  'unit-cluster.service',
  'unit-firewall.service',
  'unit-follow.service',
  'unit-helper.service',
  'unit-reset.service',
  'unit-setup.service',
  'unit-setup-close.service',
] as const;

export function register(ctl: Ctl): void {
  ctl.program
    .command('logs [service]')
    .description("The journal of the product's services and of set-up, or of one service. Secrets of this unit are blanked.")
    .option('--follow', 'go on with what comes; Ctrl-C ends it')
    .option('--since <time>', 'as journalctl takes it: "1 hour ago", "2030-01-31 12:00"')
    .option('--lines <count>', 'how many at most, without --since', '200')
    .option('--json', 'write JSON: each line as an object, then the result')
    .addHelpText('after', '\nExamples:\n  unitctl logs\n  unitctl logs database --since "1 hour ago"\n  unitctl logs --follow')
    .action(ctl.run((session, name: string | undefined, options: Options) => logs(session, name, options)));
}

async function logs(session: Session, name: string | undefined, options: Options): Promise<ExitCode> {
  const { system } = session;
  const unit = await readUnit(system);
  const units = unitsFor(unit, name);
  const args = journalArguments(units, options);
  await registerEverySecret(system, unit);
  try {
    await system.run('journalctl', args, { onLine: (line) => show(session, system.scrubber.scrub(line)) });
  } catch (error) {
    // Whoever follows ends it so.
    if (!(error instanceof Interrupted) || options.follow !== true) throw error;
  }
  session.emit({ type: 'result', command: 'logs', data: { units } });
  return ExitCode.ok;
}

/** At once, however many there are and whether or not there is an end. */
function show(session: Session, line: string): void {
  session.emit({ type: 'output', line });
  session.print(line);
}

/** systemd units of one service, or of all with first boot's own. @throws UnitError for a name that is none */
export function unitsFor(unit: Unit, name: string | undefined): string[] {
  const services = startOrder(unit.services);
  if (name === undefined) return [...services.map((each) => unitOf(each, unit.services[each] as Service)), ...OWN_UNITS];
  const service = unit.services[name];
  if (service !== undefined) return [unitOf(name, service)];
  throw new UnitError(`this unit has no service ${name}`, { exitCode: ExitCode.usage, remedies: [`It has: ${services.join(', ')}.`] });
}

export function journalArguments(units: readonly string[], { follow, since, lines }: Options): string[] {
  if (!/^\d{1,6}$/.test(lines)) throw new UnitError('--lines takes a number', { exitCode: ExitCode.usage });
  return [
    '--no-pager',
    '--output=short-iso',
    ...(since === undefined ? [`--lines=${lines}`] : [`--since=${since}`]),
    ...(follow === true ? ['--follow'] : []),
    ...units.map((name) => `--unit=${name}`),
  ];
}
