import { FIREWALL_PATHS } from '../../contract/firewall.ts';
import { SETUP_PATHS } from '../../contract/setup.ts';
import { firewallInForce, firewallIsCurrent, reloadFirewall } from '../../setup/lifecycle.ts';
import { exists } from '../../setup/state.ts';
import { DONE, due } from '../change.ts';
import type { FinishChange } from './index.ts';

/** The product's ports are opened; every other stays shut. The service chooses its rules by the finalised marker. */
export const firewall: FinishChange = {
  title: { en: 'Open the ports', ja: 'ポートを開放', ru: 'Открытие портов' },
  words: () => ({
    en: "The firewall lets in the product's ports; all others stay shut.",
    ja: 'ファイアウォールで製品のポートのみを開放します。',
    ru: 'Межсетевой экран открывает порты продукта; прочие остаются закрытыми.',
  }),

  async check(_parameters, { system }) {
    const wanted = (await exists(system, SETUP_PATHS.open)) ? FIREWALL_PATHS.open : FIREWALL_PATHS.ready;
    if ((await firewallInForce(system)) !== wanted) return due("it does not let in the product's ports");
    return (await firewallIsCurrent(system, wanted)) ? DONE : due('its rules are others by now');
  },

  async apply(_parameters, { system, log }) {
    await reloadFirewall(system, log);
  },
};
