import { gateOf, PRODUCT_READY, PRODUCT_TARGET, startOrder } from '../../contract/ordering.ts';
import { unitOf } from '../../contract/service.ts';
import { type ChangeContext, DONE, due } from '../change.ts';
import { isActive, notReady, order, unitStatus, unitsAndGates } from '../systemd.ts';
import type { FinishChange } from './index.ts';

/** All services of the product, in their order, each ready. One that ran before this run changed something is restarted. */
export const services: FinishChange = {
  title: { en: 'Start the services', ja: 'サービスを起動', ru: 'Запуск служб' },
  words: () => ({
    en: 'All services are started in their order, and each is waited for.',
    ja: 'すべてのサービスを決められた順に起動し、準備ができるのを待ちます。',
    ru: 'Все службы запускаются по порядку, готовность каждой ожидается.',
  }),

  async check(_parameters, context) {
    for (const [name, service] of Object.entries(context.unit.services)) {
      const unit = unitOf(name, service);
      const { active, since } = await unitStatus(context.system, unit);
      if (active !== 'active') return due(`${unit} is ${active}`);
      if (isStale(since, context)) return due(`${unit} runs with what was there before`);
      if (!(await isActive(context.system, gateOf(name)))) return due(`${unit} is not ready`);
    }
    return (await isActive(context.system, PRODUCT_TARGET)) ? DONE : due(`${PRODUCT_TARGET} is not active`);
  },

  async apply(_parameters, context) {
    const { system, log, unit } = context;
    const units = Object.entries(unit.services).map(([name, service]) => unitOf(name, service));
    const statuses = await Promise.all(units.map((each) => unitStatus(system, each)));
    const stale = statuses.some(({ active, since }) => active === 'active' && isStale(since, context));
    // A restart of the target stops everything in reverse order first.
    const names = startOrder(unit.services);
    const involved = {
      units: [PRODUCT_READY, ...unitsAndGates(unit.services, names)],
      causes: () => notReady(system, unit.services, names),
    };
    await order(system, stale ? 'restart' : 'start', PRODUCT_TARGET, involved, log);
  },
};

/** Services that an earlier step of this very run started are not stale: the image's order of steps is taken as meant. */
function isStale(since: number, { progress }: ChangeContext): boolean {
  return progress.lastChange !== undefined && since < progress.began;
}
