import { FIREWALL_PATHS } from '../../contract/firewall.ts';
import { readIfExists } from '../../kit/files.ts';
import { DONE, due } from '../change.ts';
import { order } from '../systemd.ts';
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
    const inForce = (await readIfExists(system.path('/run/unit/firewall')))?.trim();
    return inForce === FIREWALL_PATHS.ready ? DONE : due('it still lets in only SSH');
  },

  async apply(_parameters, { system, log }) {
    await order(system, 'reload-or-restart', 'unit-firewall.service', { units: [] }, log);
  },
};
