/**
 * The authority is asked at the end of a run: its proof by http-01 needs the product's web server and an open port. Where it
 * gives no certificate the unit is finished all the same, with one of its own, and says so; the timer tries again.
 */
import { DONE, due } from '../../apply/change.ts';
import { refreshCertificate } from '../../apply/changes/variables.ts';
import type { FinishChange } from '../../apply/finish/index.ts';
import type { Settings } from '../../settings/index.ts';
import { describeProblem, obtainAndPlace, obtainDue } from './ensure.ts';
import { wantedCertificate } from './names.ts';
import { readFailure } from './place.ts';
import { reloadServices } from './reload.ts';

export const acmeCertificate: FinishChange = {
  title: { en: 'Certificate from the authority', ja: '認証局の証明書', ru: 'Сертификат от центра' },
  words: () => ({
    en: 'The authority is asked for a certificate. Should it give none, the unit keeps its own and asks again every day.',
    ja: '認証局に証明書を要求します。取得できない場合は独自の証明書のままとし、毎日再試行します。',
    ru: 'У центра запрашивается сертификат. Если он его не выдаст, узел останется со своим и будет просить каждый день.',
  }),
  wanted: ({ certificate }: Partial<Settings>) => certificate?.mode === 'acme',

  async check(_parameters, { system, unit, context, progress }) {
    const why = await obtainDue(system, wantedCertificate(context.settings as Settings, unit));
    if (why === undefined) return DONE;
    const failure = await readFailure(system);
    // Tried in this very run: once is enough, authorities count.
    const tried = failure !== undefined && failure.boot === (await system.bootId()) && failure.clock >= progress.began;
    return tried ? DONE : due(why);
  },

  async apply(_parameters, changeContext) {
    const { system, unit, context, log } = changeContext;
    const problem = await obtainAndPlace(system, wantedCertificate(context.settings as Settings, unit), log);
    if (problem === undefined) {
      await refreshCertificate(changeContext);
      return reloadServices(system, unit, log);
    }
    for (const line of describeProblem(problem)) log(`WARNING: ${line}`);
    log('WARNING: the unit keeps its own certificate and asks again every day; `unitctl cert renew` asks now.');
  },
};
