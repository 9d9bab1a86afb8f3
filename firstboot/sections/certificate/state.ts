/** How it stands with the certificate in use: for `unitctl cert show`, `unitctl doctor`, the consoles and the daily renewal. */
import type { EveryText } from '../../contract/texts.ts';
import type { System } from '../../kit/system.ts';
import { problemWords } from './acme/problems.ts';
import { isSelfSigned } from './chain.ts';
import { daysUntil, isFor, namesOf, shortName, WARNING_DAYS } from './inspect.ts';
import type { WantedCertificate } from './names.ts';
import { CERTIFICATE_PATHS } from './paths.ts';
import { type Failure, type InUse, type Made, readFailure, readInUse } from './place.ts';

export interface CertificateState {
  /** How the one in use was made. */
  mode: Made['mode'];
  /** Such as `DNS:a.example.org`. */
  names: string[];
  issuer: string;
  /** ISO 8601. */
  notBefore: string;
  notAfter: string;
  /** Whole days; negative once it has expired. */
  daysLeft: number;
  /** It should have been renewed, or replaced, by now. */
  late: boolean;
  /** SHA-256 of the certificate (DER), upper-case hex in pairs with colons. */
  fingerprint: string;
  /** File with the unit's own authority, where it signed. */
  ca?: string;
  /** Why an authority gave none, the last time it was asked. */
  failure?: Pick<Failure, 'time' | 'code' | 'detail'> & { message: EveryText; remedy: EveryText };
  /** What its owner should look after, most pressing first; empty where all is well. */
  warnings: EveryText[];
}

const DAY = 24 * 3600 * 1000;
/** Days before the end from which a certificate is late: a machine that renews its own may be switched off for a while. */
const LATE_DAYS: Readonly<Record<Made['mode'], number>> = { 'self-signed': 30, upload: WARNING_DAYS, acme: 14 };
/**
 * Of certificates that live for days only it is a share of their life. The unit renews its own at a third: half of that is late. Who
 * brings one is warned at a third.
 */
const LATE_SHARE: Readonly<Record<Made['mode'], number>> = { 'self-signed': 1 / 6, upload: 1 / 3, acme: 1 / 6 };

/** Undefined where no certificate is in use. */
export async function certificateState(system: System, wanted: WantedCertificate, now = new Date()): Promise<CertificateState | undefined> {
  const inUse = await readInUse(system);
  if (inUse === undefined) return undefined;
  const { leaf, made } = inUse;
  const failure = await readFailure(system);
  const words = failure && problemWords(failure.code);
  const late = isLate(inUse, now);
  const daysLeft = daysUntil(leaf.validTo, now);
  return {
    mode: made.mode,
    names: namesOf(leaf),
    issuer: isSelfSigned(leaf) ? 'self' : shortName(leaf.issuer),
    notBefore: new Date(leaf.validFrom).toISOString(),
    notAfter: new Date(leaf.validTo).toISOString(),
    daysLeft,
    late,
    fingerprint: leaf.fingerprint256,
    ...(inUse.ca === undefined ? {} : { ca: CERTIFICATE_PATHS.ca }),
    ...(failure === undefined || words === undefined
      ? {}
      : { failure: { time: failure.time, code: failure.code, detail: failure.detail, message: words.message, remedy: words.remedy } }),
    warnings: [
      ...(late ? [expiry(daysLeft, made.mode)] : []),
      ...wanted.names.filter((name) => !isFor(leaf, name)).map(notFor),
      ...(wanted.certificate.mode === 'acme' && made.mode !== 'acme' ? [NOT_FROM_AUTHORITY] : []),
      ...(words === undefined ? [] : [words.message]),
    ],
  };
}

/** Of these warnings what cannot wait, without a look at the settings: the consoles' bundle has no schema. */
export async function pressingWarnings(system: System, now = new Date()): Promise<EveryText[]> {
  const [inUse, failure] = await Promise.all([readInUse(system), readFailure(system)]);
  return [
    ...(inUse !== undefined && isLate(inUse, now) ? [expiry(daysUntil(inUse.leaf.validTo, now), inUse.made.mode)] : []),
    ...(failure === undefined ? [] : [problemWords(failure.code).message]),
  ];
}

function isLate({ leaf, made }: InUse, now: Date): boolean {
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  return to - now.getTime() < Math.min(LATE_DAYS[made.mode] * DAY, (to - from) * LATE_SHARE[made.mode]);
}

function expiry(days: number, mode: Made['mode']): EveryText {
  const when =
    days < 0
      ? { en: 'The certificate has expired', ja: '証明書の期限が切れています', ru: 'Срок сертификата истёк' }
      : {
          en: `The certificate expires in ${days} days`,
          ja: `証明書の期限まであと ${days} 日です`,
          ru: `До конца срока сертификата дней: ${days}`,
        };
  return mode === 'upload'
    ? {
        en: `${when.en}: import its successor by \`unitctl cert import\`.`,
        ja: `${when.ja}。新しい証明書を \`unitctl cert import\` で取り込んでください。`,
        ru: `${when.ru}: установите следующий командой \`unitctl cert import\`.`,
      }
    : {
        en: `${when.en}, and was not renewed: see \`unitctl cert renew\`.`,
        ja: `${when.ja}。更新されていません。\`unitctl cert renew\` を確認してください。`,
        ru: `${when.ru}, и он не обновлён: смотрите \`unitctl cert renew\`.`,
      };
}

function notFor(name: string): EveryText {
  return {
    en: `The certificate is not for ${name}.`,
    ja: `証明書が ${name} に対応していません。`,
    ru: `Сертификат не для ${name}.`,
  };
}

const NOT_FROM_AUTHORITY: EveryText = {
  en: 'The authority has given no certificate yet: the unit uses one of its own.',
  ja: '認証局の証明書をまだ取得できていません。ユニット独自の証明書を使用中です。',
  ru: 'Центр ещё не выдал сертификат: узел использует собственный.',
};
