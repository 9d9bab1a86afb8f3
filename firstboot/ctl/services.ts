import { type ServiceStatus, serviceStatuses } from '../apply/service-status.ts';
import { isActive, notReady, order, unitsAndGates } from '../apply/systemd.ts';
import { APPLYING, gateOf, PRODUCT_TARGET, startOrder } from '../contract/ordering.ts';
import { type Service, unitOf } from '../contract/service.ts';
import { UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import type { Ctl, Session } from './cli.ts';
import { readUnit } from './unit-files.ts';

type Verb = 'start' | 'stop' | 'restart';
const HELP: Record<Verb, string> = {
  start: 'Start all services in their order, or one with those that it needs, and wait until they are ready.',
  stop: 'Stop all services in reverse order, or one with those that need it.',
  restart: 'Stop in reverse order, then start in order.',
};

export function register(ctl: Ctl): void {
  const services = ctl.program.command('services').description("The product's services, in their declared order.");
  for (const verb of ['start', 'stop', 'restart'] as const) {
    services
      .command(`${verb} [name]`)
      .description(HELP[verb])
      .option('--json', 'write JSON')
      .addHelpText('after', `\nExamples:\n  unitctl services ${verb}\n  unitctl services ${verb} database`)
      .action(ctl.run((session, name: string | undefined) => control(session, verb, name)));
  }
  services
    .command('status [name]')
    .description('Show what runs and what is ready. Exit code 1 where something is not.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl services status\n  unitctl services status --json')
    .action(ctl.run((session, name: string | undefined) => showStatus(session, name)));
}

async function control(session: Session, verb: Verb, name: string | undefined): Promise<ExitCode> {
  const { system } = session;
  const unit = await readUnit(system);
  if (name !== undefined) known(unit, name);
  if (verb !== 'stop') await mustBeSetUp(system);
  const log = (line: string): void => session.print(line);
  const names = name === undefined ? startOrder(unit.services) : [name];
  const involved = { units: unitsAndGates(unit.services, names), causes: () => notReady(system, unit.services, names) };
  if (name === undefined) {
    await order(system, verb, PRODUCT_TARGET, involved, log);
  } else {
    if (verb !== 'start') await order(system, verb, unitOf(name, known(unit, name)), involved, log);
    // What needs this service was restarted with it: the target waits for all of them.
    const whole = verb === 'restart' && (await isActive(system, PRODUCT_TARGET));
    if (verb !== 'stop') await order(system, 'start', whole ? PRODUCT_TARGET : gateOf(name), involved, log);
  }
  const allReady = await showStatus(session, name);
  return verb === 'stop' ? ExitCode.ok : allReady;
}

async function showStatus(session: Session, name: string | undefined): Promise<ExitCode> {
  const unit = await readUnit(session.system);
  if (name !== undefined) known(unit, name);
  const statuses = (await serviceStatuses(session.system, unit)).filter((status) => name === undefined || status.name === name);
  session.emit({ type: 'result', command: 'services', data: statuses });
  for (const status of statuses) session.print(serviceLine(status));
  return statuses.every(({ ready }) => ready) ? ExitCode.ok : ExitCode.notReady;
}

export function serviceLine({ name, unit, active, ready }: ServiceStatus): string {
  return `${name.padEnd(20)} ${unit.padEnd(36)} ${active}${active === 'active' ? (ready ? ', ready' : ', not ready') : ''}`;
}

function known(unit: Unit, name: string): Service {
  const service = unit.services[name];
  if (service !== undefined) return service;
  throw new UnitError(`this unit has no service ${name}`, {
    exitCode: ExitCode.usage,
    remedies: [`It has: ${startOrder(unit.services).join(', ')}.`],
  });
}

/** Before that the services' own conditions keep them from starting, and systemctl would not say so. */
async function mustBeSetUp(system: System): Promise<void> {
  const markers = await Promise.all([UNIT_PATHS.finalised, APPLYING].map((path) => readIfExists(system.path(path))));
  if (markers.some((marker) => marker !== undefined)) return;
  throw new UnitError('this unit is not set up yet: its services do not start before', {
    exitCode: ExitCode.unit,
    remedies: ['Set it up with `unitctl apply --answers FILE`.'],
  });
}
