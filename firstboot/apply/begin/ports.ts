import { FIREWALL_PATHS } from '../../contract/firewall.ts';
import { LATER_PORT, PAGE_PORTS } from '../../contract/setup.ts';
import { UNIT_PATHS, type Unit } from '../../contract/unit.ts';
import type { BeginChange } from '../../sections/changes.ts';
import { firewallInForce, pageHasPorts, passPorts } from '../../setup/lifecycle.ts';
import { exists } from '../../setup/state.ts';
import { DONE, due } from '../change.ts';

/**
 * Ports that the setup page has and the product wants. Before anything of the image runs: any of its steps may start a service.
 * From here to the end the firewall keeps the product's ports shut: who comes too early finds no half of a product.
 */
export const ports: BeginChange<Record<string, never>> = {
  title: { en: 'Pass the ports on', ja: 'ポートの引き渡し', ru: 'Передача портов' },
  words: () => ({
    en: `Ports ${PAGE_PORTS.join(' and ')} pass to the product; this page goes on at port ${LATER_PORT}.`,
    ja: `ポート ${PAGE_PORTS.join(' と ')} を製品に引き渡します。この画面はポート ${LATER_PORT} で続きます。`,
    ru: `Порты ${PAGE_PORTS.join(' и ')} переходят к продукту; эта страница продолжается на порту ${LATER_PORT}.`,
  }),

  parameters(_settings, unit) {
    return wantsPagePorts(unit) ? {} : undefined;
  },

  async check(_parameters, { system }) {
    if (await pageHasPorts(system)) return due('the setup page has them');
    if (await exists(system, UNIT_PATHS.finalised)) return DONE;
    const { applying, 'applying-ssh': withSsh } = FIREWALL_PATHS;
    const inForce = await firewallInForce(system);
    return inForce === applying || inForce === withSsh ? DONE : due('the firewall lets strangers to them');
  },

  async apply(_parameters, { system, log }) {
    await passPorts(system, log);
  },
};

function wantsPagePorts({ ports: declared }: Pick<Unit, 'ports'>): boolean {
  return declared.some(({ port, protocol }) => (protocol ?? 'tcp') === 'tcp' && PAGE_PORTS.some((each) => each === port));
}
