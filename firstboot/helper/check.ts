import { setTimeout } from 'node:timers/promises';
import { completeSettings, registerSecrets } from '../apply/settings-store.ts';
import { scaledTimeout } from '../apply/timeout.ts';
import type { CheckReport } from '../contract/helper.ts';
import { readKept } from '../ctl/prepared.ts';
import { readProductSchema, readUnit } from '../ctl/unit-files.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';
import type { SectionCheck } from '../sections/check.ts';
import { CHECKS } from '../sections/checks.ts';
import { applyDefaults, mergeAnswers, type Settings } from '../settings/index.ts';
import type { Action } from './action.ts';

/** One of `checks`, for as long as it says that it may take. */
export function checkBy(checks: readonly SectionCheck[]): Action<'check'> {
  return async ({ section, check: name, parameters = {} }, { system, signal }) => {
    const wanted = checks.find((each) => each.section === section && each.name === name);
    if (wanted === undefined) throw new UnitError(`the section ${section} has no check ${name}`, { exitCode: ExitCode.usage });
    const context = { system, unit: await readUnit(system), settings: await keptSettings(system), parameters };
    const ended = new AbortController();
    const limit = setTimeout((await scaledTimeout(system, wanted.timeout)) * 1000, LATE, {
      signal: AbortSignal.any([ended.signal, signal]),
    });
    // A caller that goes away ends the wait; what the check has started ends by its own limits.
    const report = await Promise.race([wanted.run(context), limit]).finally(() => {
      ended.abort();
      limit.catch(() => undefined);
    });
    return report;
  };
}

export const check = checkBy(CHECKS);

const LATE: CheckReport = {
  findings: [
    {
      severity: 'error',
      message: {
        en: 'There was no answer in time.',
        ja: '時間内に応答がありませんでした。',
        ru: 'Ответа не было вовремя.',
      },
    },
  ],
};

/** As they are kept now, secrets in clear: perhaps incomplete, perhaps wrong. */
async function keptSettings(system: System): Promise<Settings> {
  const productSchema = await readProductSchema(system);
  const { layers, cleared } = await readKept(system, productSchema);
  const merged = mergeAnswers(layers, productSchema);
  const outcome = await completeSettings(system, merged.answers, productSchema, cleared);
  const settings = 'settings' in outcome ? outcome.settings : applyDefaults(merged.answers, productSchema);
  registerSecrets(system, settings, productSchema);
  return settings;
}
