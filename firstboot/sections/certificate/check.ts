/** What the page can try of a certificate before Apply: an upload is looked through, an authority asked for its directory. */
import { mkdtemp, rm } from 'node:fs/promises';

import type { CheckFinding, CheckReport } from '../../contract/helper.ts';
import type { EveryText } from '../../contract/texts.ts';
import type { Unit } from '../../contract/unit.ts';
import { makeFolder } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import { applyDefaults } from '../../settings/index.ts';
import type { SectionCheck } from '../check.ts';
import { applicable } from '../domain/applicable.ts';
import { readDirectory } from './acme/directory.ts';
import { wildcardNeedsDns, writeRoots } from './acme/obtain.ts';
import { AcmeProblem, type ProblemCode, problemWords } from './acme/problems.ts';
import { inspect } from './inspect.ts';
import { materialOf } from './material.ts';
import { wantedNames } from './names.ts';
import { trustedRoots } from './place.ts';
import type { Acme, Certificate } from './schema.ts';

export const certificateCheck: SectionCheck = {
  section: 'certificate',
  name: 'check',
  timeout: 60,

  async run({ system, unit, settings }): Promise<CheckReport> {
    // Kept values may be of any kind still.
    const { certificate, domain, network } = applyDefaults(settings, undefined);
    const { name } = textsOnly(domain);
    const { proxy = '' } = textsOnly(network);
    const names = wantedNames(name, applicable(unit, settings));
    const given = textsOnly(certificate) as Certificate;
    if (given.mode === 'upload') return uploadReport(system, given, names);
    if (given.mode === 'acme')
      return {
        findings: await acmeFindings(system, unit, textsOnly(certificate.acme) as Acme, { names, ...(proxy === '' ? {} : { proxy }) }),
      };
    return { findings: [{ severity: 'info', message: OWN }] };
  },
};

const OWN: EveryText = {
  en: 'The unit makes its certificate itself. Browsers warn until its authority, which can be downloaded, is imported.',
  ja: 'ユニットが証明書を作成します。ダウンロードできる認証局証明書を登録するまで、ブラウザーは警告します。',
  ru: 'Узел сделает сертификат сам. Браузеры предупреждают, пока не установлен его центр, который можно скачать.',
};

/** Members that are texts; the rest is for the validation to complain about. */
function textsOnly(group: unknown): Record<string, string> {
  const entries = typeof group === 'object' && group !== null ? Object.entries(group) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

async function uploadReport(system: System, certificate: Certificate, names: readonly string[]): Promise<CheckReport> {
  const { findings, chain } = inspect(materialOf(certificate), { names, now: new Date(), roots: await trustedRoots(system) });
  const shown = findings.map(
    ({ severity, message, remedy }): CheckFinding => ({ severity, message, ...(remedy === undefined ? {} : { remedy }) }),
  );
  if (chain === undefined) return { findings: shown };
  const rows = chain.sent.map(({ subject, issuer, validTo, fingerprint256 }) => [
    oneLine(subject),
    oneLine(issuer),
    validTo,
    fingerprint256,
  ]);
  return { findings: shown, table: { columns: COLUMNS, rows } };
}

const COLUMNS: EveryText[] = [
  { en: 'Certificate', ja: '証明書', ru: 'Сертификат' },
  { en: 'Issued by', ja: '発行者', ru: 'Кем выдан' },
  { en: 'Valid until', ja: '有効期限', ru: 'Действует до' },
  { en: 'SHA-256', ja: 'SHA-256', ru: 'SHA-256' },
];

function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ');
}

async function acmeFindings(
  system: System,
  unit: Unit,
  acme: Acme,
  { names, proxy }: { names: readonly string[]; proxy?: string },
): Promise<CheckFinding[]> {
  const findings = [
    ...(names.length === 0 ? [finding(NO_NAME)] : []),
    ...(wildcardNeedsDns(acme, names) ? [problem('wildcard-needs-dns')] : []),
    ...(await wayFindings(system, unit, acme)),
  ];
  await makeFolder(system.path('/run/unit'));
  const work = await mkdtemp(system.path('/run/unit/acme-check-'));
  try {
    const directory = await readDirectory(system, acme.directory ?? '', {
      ...(await writeRoots(acme, work)),
      ...(proxy === undefined ? {} : { proxy }),
    });
    const binding = directory.binding && (acme.eabKeyId === undefined || acme.eabHmacKey === undefined) ? [problem('account-binding')] : [];
    return [...findings, ...binding, { severity: 'ok', message: reached(acme.directory ?? '') }, ...termsOf(directory.terms)];
  } catch (error) {
    if (!(error instanceof AcmeProblem)) throw error;
    return [...findings, problem(error.code)];
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Whether the chosen proof can work at all. */
async function wayFindings(system: System, unit: Unit, { challenge, dnsProvider = '' }: Acme): Promise<CheckFinding[]> {
  if (challenge === 'dns-01') {
    const known = dnsProvider !== '' && (await system.ask('lego', ['dnshelp', '--code', dnsProvider])) === 0;
    return known ? [] : [problem('provider-unknown')];
  }
  return unit.ports.some(({ port, protocol }) => port === 80 && protocol !== 'udp') ? [] : [finding(PORT_SHUT)];
}

function problem(code: ProblemCode): CheckFinding {
  const { message, remedy } = problemWords(code);
  return { severity: 'error', message, remedy };
}

function finding({ message, remedy }: { message: EveryText; remedy: EveryText }): CheckFinding {
  return { severity: 'error', message, remedy };
}

const NO_NAME = {
  message: {
    en: 'An authority certifies names, and none is set.',
    ja: 'ドメイン名が設定されていません。',
    ru: 'Центр удостоверяет имена, а имя не задано.',
  },
  remedy: { en: 'Set the domain name.', ja: 'ドメイン名を設定してください。', ru: 'Задайте доменное имя.' },
};

const PORT_SHUT = {
  message: {
    en: 'This product does not open port 80, which http-01 needs.',
    ja: 'この製品は http-01 に必要なポート 80 を開きません。',
    ru: 'Этот продукт не открывает порт 80, который нужен для http-01.',
  },
  remedy: { en: 'Use dns-01.', ja: 'dns-01 を使ってください。', ru: 'Используйте dns-01.' },
};

function reached(url: string): EveryText {
  return { en: `The authority answers at ${url}.`, ja: `認証局が応答しました: ${url}`, ru: `Центр отвечает: ${url}.` };
}

function termsOf(url: string | undefined): CheckFinding[] {
  if (url === undefined) return [];
  return [{ severity: 'info', message: { en: `Its terms of service: ${url}`, ja: `利用規約: ${url}`, ru: `Условия: ${url}` } }];
}
