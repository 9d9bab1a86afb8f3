import { gateOf } from '../../contract/ordering.ts';
import { predecessors, type Service, unitOf } from '../../contract/service.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { type Change, type ChangeContext, DONE, due, type Parameters } from '../change.ts';
import { isActive, order, unitStatus } from '../systemd.ts';

type P = Parameters<'service'>;

const WORDS = {
  start: (name: string) => ({
    en: `The service ${name} is started, after those it needs.`,
    ja: `サービス ${name} を、必要なサービスの後に起動します。`,
    ru: `Запускается служба ${name}, после тех, что ей нужны.`,
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
    if (action === 'stop') return order(system, 'stop', unit, [], log);
    if (action === 'restart') await order(system, 'restart', unit, [], log);
    await order(system, 'start', gateOf(name), causes(name, context), log);
  },
};

function unitOfService(name: string, { unit }: ChangeContext): string {
  const declared = unit.services[name];
  if (declared !== undefined) return unitOf(name, declared);
  throw new UnitError(`this unit has no service ${name}`, { exitCode: ExitCode.unit });
}

/** The service and all that it waits for, gates too: one of them is why it did not get ready. */
function causes(name: string, { unit }: ChangeContext): string[] {
  const seen = new Set<string>();
  const visit = (each: string): void => {
    if (seen.has(each)) return;
    seen.add(each);
    predecessors(each, unit.services).forEach(visit);
  };
  visit(name);
  return [...seen].flatMap((each) => [unitOf(each, unit.services[each] as Service), gateOf(each)]);
}
