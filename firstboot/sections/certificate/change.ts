/** The certificate at the beginning of a run: one is in use before the image's steps, and the services that need it, come. */
import { DONE, due } from '../../apply/change.ts';
import type { BeginChange } from '../changes.ts';
import { failureIsOld, placeDue, placeWhereDue } from './ensure.ts';
import { type WantedCertificate, wantedCertificate } from './names.ts';

type P = WantedCertificate & Record<string, unknown>;

export const certificate: BeginChange<P> = {
  title: { en: 'Certificate', ja: '証明書', ru: 'Сертификат' },
  words: ({ certificate: { mode } }) => WORDS[mode ?? 'self-signed'],

  parameters(settings, unit) {
    return { ...wantedCertificate(settings, unit) };
  },

  async check(wanted, { system }) {
    const why = (await placeDue(system, wanted)) ?? (await failureIsOld(system, wanted));
    return why === undefined ? DONE : due(why);
  },

  async apply(wanted, { system }) {
    await placeWhereDue(system, wanted);
  },
};

const WORDS = {
  'self-signed': {
    en: 'The unit has a certificate of its own, signed by its own authority and renewed by itself.',
    ja: 'ユニット独自の認証局が署名した証明書を使い、自動更新します。',
    ru: 'У узла сертификат, подписанный его собственным центром; он обновляется сам.',
  },
  upload: {
    en: 'The unit uses the certificate that was given to it.',
    ja: '指定された証明書を使います。',
    ru: 'Узел использует переданный ему сертификат.',
  },
  acme: {
    en: 'Until the authority has given a certificate, the unit uses one of its own.',
    ja: '認証局から証明書を取得するまで、ユニット独自の証明書を使います。',
    ru: 'Пока центр не выдал сертификат, узел использует собственный.',
  },
} as const;
