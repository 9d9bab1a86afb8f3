import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { CheckFinding } from '../contract/helper.ts';
import { SETUP_PATHS } from '../contract/setup.ts';
import type { EveryText } from '../contract/texts.ts';
import { ignoreMissing } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import { wantedCertificate } from '../sections/certificate/names.ts';
import { type CertificateState, certificateState } from '../sections/certificate/state.ts';
import { type DoctorCheck, ok, problem } from './check.ts';

/** The unit's own; the product's are found by what image.yaml says of its state. */
const OWN = ['/etc/unit/tls', SETUP_PATHS.certificate];
/** Who renews by ACME does so a month before: later than this something is wrong. Of short lives it is a share. */
const WARNING_DAYS = 21;
const WARNING_SHARE = 1 / 6;
const DAY = 86_400_000;
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const LARGEST = 1024 * 1024;
/** Folders below the one of a state item; what is deeper is no place for keys. */
const DEEPEST = 4;
/** A file with more than these is a list of authorities, which has old ones too. */
const LONGEST_CHAIN = 10;

/** The end of every certificate on the unit, those of chains too; of the one in use all that its owner should look after. */
export const certificates: DoctorCheck = {
  name: 'certificates',
  title: { en: 'Certificates', ja: '証明書', ru: 'Сертификаты' },

  async run({ system, unit, settings, now }) {
    const places = Object.values(unit.state).filter(({ kind }) => kind === 'secrets' || kind === 'configuration');
    const found = await certificatesIn(system, [...OWN, ...places.map(({ path }) => path)]);
    if (found.length === 0)
      return [problem('info', { en: 'There is no certificate.', ja: '証明書はありません。', ru: 'Сертификатов нет.' })];
    const inUse = settings && (await certificateState(system, wantedCertificate(settings, unit), new Date(now)));
    return found.flatMap(({ path, certificate }) =>
      certificate.fingerprint256 === inUse?.fingerprint ? judgeInUse(path, certificate, inUse, now) : [judge(path, certificate, now)],
    );
  },
};

interface Found {
  path: string;
  certificate: X509Certificate;
}

/** Each certificate once, by the first file that has it. */
async function certificatesIn(system: System, places: readonly string[]): Promise<Found[]> {
  const found = new Map<string, Found>();
  for (const path of (await Promise.all(places.map((place) => filesOf(system, place)))).flat()) {
    const text = await readFile(system.path(path), 'latin1').catch(ignoreMissing);
    const blocks = (text ?? '').match(BLOCK) ?? [];
    for (const block of blocks.length > LONGEST_CHAIN ? [] : blocks) {
      const certificate = parse(block);
      if (certificate !== undefined && !found.has(certificate.fingerprint256)) found.set(certificate.fingerprint256, { path, certificate });
    }
  }
  return [...found.values()];
}

/** The file, or those in the folder that have the name of one: databases and the like are too large to be looked into. */
async function filesOf(system: System, place: string): Promise<string[]> {
  const info = await stat(system.path(place)).catch(ignoreMissing);
  if (info === undefined) return [];
  if (info.isDirectory()) return filesBelow(system, place, DEEPEST);
  return info.isFile() && info.size <= LARGEST ? [place] : [];
}

async function filesBelow(system: System, folder: string, depth: number): Promise<string[]> {
  const entries = (await readdir(system.path(folder), { withFileTypes: true }).catch(ignoreMissing)) ?? [];
  const files = entries.filter((entry) => entry.isFile() && /\.(pem|crt|cer)$/.test(entry.name));
  const folders = depth === 0 ? [] : entries.filter((entry) => entry.isDirectory());
  const nested = await Promise.all(folders.map(({ name }) => filesBelow(system, join(folder, name), depth - 1)));
  return [...files.map(({ name }) => join(folder, name)), ...nested.flat()];
}

function parse(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block);
  } catch {
    return undefined;
  }
}

/** When it is late depends on how it was made: an authority may give a few days only. */
function judgeInUse(
  path: string,
  certificate: X509Certificate,
  { daysLeft, failure, warnings }: CertificateState,
  now: number,
): CheckFinding[] {
  const others = warnings.map((message) => problem('warning', message, message === failure?.message ? failure.remedy : SHOW));
  return daysLeft < 0 || others.length === 0 ? [judge(path, certificate, now, 0), ...others] : others;
}

const SHOW: EveryText = {
  en: 'unitctl cert show says more.',
  ja: '詳しくは unitctl cert show をご覧ください。',
  ru: 'Подробности показывает unitctl cert show.',
};

function judge(
  path: string,
  { subject, validFrom, validTo }: X509Certificate,
  now: number,
  warningDays: number = WARNING_DAYS,
): CheckFinding {
  const name = `${subject.replaceAll('\n', ', ')} (${path})`;
  const until = new Date(validTo).toISOString().slice(0, 10);
  const left = Date.parse(validTo) - now;
  const days = Math.floor(left / DAY);
  const late = Math.min(warningDays * DAY, (Date.parse(validTo) - Date.parse(validFrom)) * WARNING_SHARE);
  const ofSetup = path === SETUP_PATHS.certificate;
  const remedy = ofSetup ? RENEW_OF_SETUP : RENEW;
  if (Date.parse(validFrom) > now)
    return problem(
      'error',
      { en: `${name} is not valid yet.`, ja: `${name} はまだ有効ではありません。`, ru: `${name} ещё не действует.` },
      { en: "Check the unit's clock.", ja: 'ユニットの時計を確認してください。', ru: 'Проверьте часы узла.' },
    );
  if (left < 0)
    return problem(
      // Browsers warn of this one in any case.
      ofSetup ? 'warning' : 'error',
      { en: `${name} ended on ${until}.`, ja: `${name} は ${until} に期限が切れました。`, ru: `Срок ${name} истёк ${until}.` },
      remedy,
    );
  if (left < late)
    return problem(
      'warning',
      {
        en: `${name} ends on ${until}, in ${days} days.`,
        ja: `${name} は ${until} (${days} 日後)に期限が切れます。`,
        ru: `Срок ${name} истекает ${until}, через ${days} дн.`,
      },
      remedy,
    );
  return ok(`${name} is valid until ${until}.`, `${name} は ${until} まで有効です。`, `${name} действует до ${until}.`);
}

const RENEW: EveryText = {
  en: 'unitctl cert renew, or import a new one: unitctl cert import',
  ja: 'unitctl cert renew で更新するか、unitctl cert import で新しいものを取り込んでください。',
  ru: 'unitctl cert renew или новый: unitctl cert import',
};
const RENEW_OF_SETUP: EveryText = {
  en: 'It is that of the setup page; /usr/lib/unit/setup-certificate makes another.',
  ja: '設定ページの証明書です。/usr/lib/unit/setup-certificate で作り直せます。',
  ru: 'Это сертификат страницы настройки; новый делает /usr/lib/unit/setup-certificate.',
};
