/** What the owner is shown at the end, and the end of setup itself. */

import { openSettings } from '../apply/open-settings.ts';
import { SecretStore } from '../apply/secret-store.ts';
import { type ServiceStatus, serviceStatuses } from '../apply/service-status.ts';
import { loadOrigins, loadSettings } from '../apply/settings-store.ts';
import type { SetupResult } from '../contract/helper.ts';
import { SETUP_UNITS } from '../contract/setup.ts';
import type { Texts } from '../contract/texts.ts';
import type { Unit } from '../contract/unit.ts';
import { readState } from '../ctl/state.ts';
import { readProductSchema, readUnit } from '../ctl/unit-files.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import { wantedCertificate } from '../sections/certificate/names.ts';
import { certificateState } from '../sections/certificate/state.ts';
import { answersSchema, settingAt, settingsOf } from '../settings/index.ts';
import { fingerprint } from '../setup/certificate.ts';
import { productUrls } from '../setup/urls.ts';
import type { Action } from './action.ts';

export const result: Action<'result'> = async (_parameters, { system }) => {
  const unit = await readUnit(system);
  const { state, finalised, services } = await readState(system, unit);
  if (!finalised)
    return { state, notReady: [], urls: [], fingerprint: await fingerprint(system), warnings: [], nextSteps: [], credentials: [] };
  const urls = await productUrls(system, unit);
  return {
    state,
    notReady: notReady(unit, services ?? (await serviceStatuses(system, unit))),
    urls,
    nextSteps: nextSteps(unit, urls),
    ...(await ofCertificate(system, unit)),
    credentials: await credentials(system, unit),
  };
};

function notReady(unit: Unit, services: readonly ServiceStatus[]): Texts[] {
  return services.filter(({ ready }) => !ready).map(({ name }) => unit.services[name]?.title ?? { en: name });
}

/** A path leads below the product's first address; where it has none, the words alone are left. */
function nextSteps({ setup }: Unit, [base]: readonly string[]): SetupResult['nextSteps'] {
  return (setup?.nextSteps ?? []).map(({ text, link }) => {
    const url = link?.startsWith('/') ? base && new URL(link.replace(/^\/+/, './'), base).href : link;
    return { text, ...(url === undefined ? {} : { link: url }) };
  });
}

async function ofCertificate(system: System, unit: Unit): Promise<Pick<SetupResult, 'fingerprint' | 'authority' | 'warnings'>> {
  const settings = await openSettings(system);
  const state = settings && (await certificateState(system, wantedCertificate(settings, unit)));
  if (state === undefined) return { fingerprint: await fingerprint(system), warnings: [] };
  const authority = state.ca === undefined ? undefined : await readIfExists(system.path(state.ca));
  const failure = state.failure === undefined ? [] : [state.failure.remedy];
  return {
    fingerprint: state.fingerprint,
    warnings: [...state.warnings, ...failure],
    ...(authority === undefined ? {} : { authority }),
  };
}

export const confirm: Action<'confirm'> = async (_parameters, { system }) => {
  const { finalised, state } = await readState(system, await readUnit(system));
  if (!finalised || state === 'applying') {
    throw new UnitError('the unit is not set up yet', {
      exitCode: ExitCode.unit,
      texts: {
        en: 'The unit is not set up yet.',
        ja: 'ユニットの設定はまだ完了していません。',
        ru: 'Узел ещё не настроен.',
      },
    });
  }
  // Page and helper end with it: it must not be waited for.
  await system.run('systemctl', ['start', '--no-block', '--', SETUP_UNITS.close]);
  return { closed: true };
};

/** Secrets of the product that nobody gave: a person wants them once. */
async function credentials(system: System, unit: Unit): Promise<SetupResult['credentials']> {
  const productSchema = await readProductSchema(system);
  const settings = await loadSettings(system, productSchema);
  const origins = await loadOrigins(system);
  const generated = settingsOf(answersSchema(productSchema)).filter(
    ({ path, schema }) => path.startsWith('product.') && schema.writeOnly === true && origins[path] === 'generated',
  );
  const store = new SecretStore(system);
  const shown = await Promise.all(
    generated.map(async ({ path, schema }) => {
      // A secret of the image's steps may be made where the setting is empty.
      const step = unit.steps.find((each) => each.use === 'secret' && each.with.from === path);
      const value = settingAt(settings ?? {}, path) ?? (step?.use === 'secret' ? await store.read(step.with.name) : undefined);
      return typeof value === 'string' ? [{ title: schema['x-titles'] ?? { en: path }, value }] : [];
    }),
  );
  return shown.flat();
}
