import { gateOf, startOrder } from '../../contract/ordering.ts';
import { predecessors, unitOf } from '../../contract/service.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { type Change, type ChangeContext, DONE, due, type Parameters } from '../change.ts';
import { begin, type Involved, isActive, isStarting, notReady, order, unitStatus, unitsAndGates } from '../systemd.ts';

type P = Parameters<'service'>;

const WORDS = {
  start: (name: string) => ({
    en: `The service ${name} is started, after those it needs.`,
    ja: `サービス ${name} を、必要なサービスの後に起動します。`,
    ru: `Запускается служба ${name}, после тех, что ей нужны.`,
  }),
  begin: (name: string) => ({
    en: `The service ${name} begins to start; the end of all steps waits for it.`,
    ja: `サービス ${name} の起動を始めます。完了はすべての手順の最後に待ちます。`,
    ru: `Начинается запуск службы ${name}; его завершения ждут в конце всех шагов.`,
  }),
  restart: (name: string) => ({
    en: `The service ${name} is restarted if anything changed.`,
    ja: `変更があった場合、サービス ${name} を再起動します。`,
    ru: `Служба ${name} перезапускается, если что-то изменилось.`,
  }),
  stop: (name: string) => ({
    en: `The service ${name} is stopped.`,
    ja: `サービス ${name} を停止します。`,
    ru: `Служба ${name} останавливается.`,
  }),
};

/** A service of the image. Starting its gate starts, by systemd's own ordering, everything that it needs before. */
export const service: Change<P> = {
  words: ({ name, action }) => WORDS[action ?? 'start'](name),

  async check({ name, action }, context) {
    const { system } = context;
    const unit = unitOfService(name, context);
    if (action === 'stop') return (await isActive(system, unit)) ? due('it is running') : DONE;
    if (action === 'begin') return (await isStarting(system, gateOf(name))) ? DONE : due('it was not told to start');
    const { active, since } = await unitStatus(system, unit);
    if (active !== 'active') return due(`it is ${active}`);
    if (!(await isActive(system, gateOf(name)))) return due('it is not ready');
    // The monotonic clock starts anew with every boot, and so did the service.
    const { lastChange } = context.progress;
    return action === 'restart' && lastChange !== undefined && since < lastChange ? due('something changed since it was started') : DONE;
  },

  async apply({ name, action }, context) {
    const { system, log } = context;
    const unit = unitOfService(name, context);
    if (action === 'stop') return order(system, 'stop', unit, { units: [] }, log);
    if (action === 'begin') return begin(system, 'start', gateOf(name), withNeeded(name, context).units, log);
    if (action === 'restart') await order(system, 'restart', unit, { units: [] }, log);
    await order(system, 'start', gateOf(name), withNeeded(name, context), log);
  },
};

function unitOfService(name: string, { unit }: ChangeContext): string {
  const declared = unit.services[name];
  if (declared !== undefined) return unitOf(name, declared);
  throw new UnitError(`this unit has no service ${name}`, { exitCode: ExitCode.unit });
}

/** The service and all that it waits for: the first of them that is not ready is to blame. */
function withNeeded(name: string, { system, unit: { services } }: ChangeContext): Involved {
  const needed = new Set<string>();
  const visit = (each: string): void => {
    if (needed.has(each)) return;
    needed.add(each);
    predecessors(each, services).forEach(visit);
  };
  visit(name);
  const ordered = startOrder(services).filter((each) => needed.has(each));
  return { units: unitsAndGates(services, ordered), causes: () => notReady(system, services, ordered) };
}
