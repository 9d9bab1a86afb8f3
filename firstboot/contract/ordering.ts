/**
 * The start order of a product as systemd units. Each service has a gate, a oneshot unit that is active once the
 * service is ready; whatever comes after a service comes after its gate. So systemd itself starts in order and stops in
 * reverse, at boot as well as by `systemctl start|stop unit.target`.
 *
 * Gates require their service instead of binding to it: a service that crashes and is restarted by systemd takes its
 * dependants through a restart, in order, where `BindsTo=` would stop them for good.
 */
import { predecessors, type Service, unitOf } from './service.ts';
import { systemdCommand } from './systemd-quote.ts';
import { textIn } from './texts.ts';
import { UNIT_PATHS } from './unit.ts';
import { WAIT_READY, waitArguments } from './wait-ready.ts';

/** A file to put onto a unit: owner root, mode 0644. */
export interface UnitFile {
  path: string;
  content: string;
}

export const PRODUCT_TARGET = 'unit.target';
/** Active once every gate is; fails, and the target with it, where one did not open. */
export const PRODUCT_READY = 'unit-ready.service';
/** There while steps are applied: product services may start then, before the unit is finalised. Not longer, whatever ends a run. */
export const APPLYING = '/run/unit/applying';

const DEFAULT_TIMEOUT = 120;
const SYSTEMD = '/etc/systemd/system';
const MAY_RUN = [`ConditionPathExists=|${UNIT_PATHS.finalised}`, `ConditionPathExists=|${APPLYING}`];

type Services = Readonly<Record<string, Service>>;

export function gateOf(name: string): string {
  return `unit-ready-${name}.service`;
}

/** Names of all services, each after those it waits for; equal ones by name. @throws RangeError where the order has a cycle */
export function startOrder(services: Services): string[] {
  const order: string[] = [];
  const waiting = new Set(Object.keys(services).sort());
  while (waiting.size > 0) {
    const next = [...waiting].find((name) => predecessors(name, services).every((other) => !waiting.has(other)));
    if (next === undefined) throw new RangeError(`the start order has a cycle: ${[...waiting].join(', ')}`);
    waiting.delete(next);
    order.push(next);
  }
  return order;
}

/**
 * Unit files for the services of an image. The target has an `[Install]` section and is enabled when the unit is
 * finalised. Until then the services' own drop-ins keep them from running, also where a package's upgrade starts them.
 */
export function orderingFiles(services: Services): UnitFile[] {
  const order = startOrder(services);
  return [targetFile(order), readyFile(order), ...order.flatMap((name) => [dropInFile(name, services), gateFile(name, services)])];
}

/** Keeps units of other roles from running, whatever starts them: the root folder is always there. */
export function idleFiles(units: readonly string[]): UnitFile[] {
  return units.map((unit) => ({ path: `${SYSTEMD}/${unit}.d/60-unit-role.conf`, content: section('Unit', ['ConditionPathExists=!/']) }));
}

function targetFile(order: readonly string[]): UnitFile {
  const gates = order.map(gateOf);
  const content = section('Unit', [
    'Description=Services of this unit',
    ...MAY_RUN,
    `Requires=${PRODUCT_READY}`,
    ...list('Wants', gates),
    `After=${[PRODUCT_READY, ...gates].join(' ')}`,
  ]);
  return { path: `${SYSTEMD}/${PRODUCT_TARGET}`, content: `${content}\n${section('Install', ['WantedBy=multi-user.target'])}` };
}

/** Wants the gates, so that one that is closed on purpose later does not take the others along; fails where one is not open. */
function readyFile(order: readonly string[]): UnitFile {
  const gates = order.map(gateOf);
  const unit = section('Unit', [
    'Description=Every service of this unit is ready',
    ...MAY_RUN,
    ...list('Wants', gates),
    ...list('After', gates),
    `PartOf=${PRODUCT_TARGET}`,
  ]);
  return { path: `${SYSTEMD}/${PRODUCT_READY}`, content: `${unit}\n${oneshot([WAIT_READY, '--once', 'units', ...gates])}` };
}

function dropInFile(name: string, services: Services): UnitFile {
  const before = predecessors(name, services).map(gateOf);
  const unit = unitOf(name, services[name] as Service);
  const content = section('Unit', [...MAY_RUN, `PartOf=${PRODUCT_TARGET}`, ...list('Requires', before), ...list('After', before)]);
  return { path: `${SYSTEMD}/${unit}.d/50-unit-order.conf`, content };
}

function gateFile(name: string, services: Services): UnitFile {
  const service = services[name] as Service;
  const unit = unitOf(name, service);
  const title = service.title === undefined ? name : textIn(service.title, 'en');
  const content = section('Unit', [
    `Description=${title.replace(/\s+/g, ' ').replaceAll('%', '%%')} is ready`,
    ...MAY_RUN,
    `Requires=${unit}`,
    `After=${unit}`,
    `PartOf=${PRODUCT_TARGET}`,
  ]);
  const command = [WAIT_READY, ...waitArguments(service.ready, service.timeout ?? DEFAULT_TIMEOUT, { failsWith: unit })];
  return { path: `${SYSTEMD}/${gateOf(name)}`, content: `${content}\n${oneshot(command)}` };
}

/** The script has a deadline of its own, which knows emulated machines. A stop ends it at once: shutdown must not wait. */
function oneshot(command: readonly string[]): string {
  return section('Service', [
    'Type=oneshot',
    'RemainAfterExit=yes',
    `ExecStart=${systemdCommand(command)}`,
    'TimeoutStartSec=infinity',
    'TimeoutStopSec=5s',
  ]);
}

function section(name: string, lines: readonly string[]): string {
  return `[${name}]\n${lines.join('\n')}\n`;
}

function list(key: string, units: readonly string[]): string[] {
  return units.length === 0 ? [] : [`${key}=${units.join(' ')}`];
}
