/** A mail before the certificate ends, once a stage: for owners who look at no console. The daily renewal sends it. */
import { hostname } from 'node:os';

import { type EveryText, textIn } from '../../contract/texts.ts';
import type { Unit } from '../../contract/unit.ts';
import { ProgramError } from '../../kit/errors.ts';
import { readIfExists, writeFileAtomic } from '../../kit/files.ts';
import type { System } from '../../kit/system.ts';
import { sendNotice } from '../mail/notice.ts';
import type { Mail } from '../mail/schema.ts';
import { CERTIFICATE_PATHS } from './paths.ts';
import type { CertificateState } from './state.ts';

/** What was said last. */
interface Notice {
  /** Of the certificate: another one is another matter. */
  fingerprint: string;
  stage: number;
}

interface Recipient {
  system: System;
  unit: Pick<Unit, 'title' | 'version'>;
  mail: Mail;
  log(line: string): void;
}

/** Whole days left at which it is said again, after the first time: a week before, daily at the end, and when it is over. */
const AGAIN = [7, 3, 2, 1, 0, -1];

/** Goes up when there is something new to say; 0 while all is well. */
export function stageOf({ late, daysLeft }: Pick<CertificateState, 'late' | 'daysLeft'>): number {
  return late ? 1 + AGAIN.filter((days) => daysLeft <= days).length : 0;
}

/** A mail that cannot be sent is said in the log, and tried again by the next run. */
export async function sendExpiryNotice({ system, unit, mail, log }: Recipient, state: CertificateState | undefined): Promise<void> {
  if (state === undefined || (mail.mode ?? 'none') === 'none') return;
  const before = await readNotice(system);
  const { fingerprint } = state;
  const stage = stageOf(state);
  if (stage <= (before?.fingerprint === fingerprint ? before.stage : 0)) return;
  try {
    await sendNotice(system, mail, { subject: subjectOf(unit, state), text: textOf(unit, state) });
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    log(`warning: this could not be sent by mail: ${error.message}`);
    return;
  }
  await writeFileAtomic(system.path(CERTIFICATE_PATHS.notice), `${JSON.stringify({ fingerprint, stage } satisfies Notice)}\n`);
}

async function readNotice(system: System): Promise<Notice | undefined> {
  const text = await readIfExists(system.path(CERTIFICATE_PATHS.notice));
  return text === undefined ? undefined : (JSON.parse(text) as Notice);
}

function subjectOf({ title }: Recipient['unit'], { daysLeft, notAfter }: CertificateState): string {
  return `${title.en} (${hostname()}): the certificate ${daysLeft < 0 ? 'ended' : 'ends'} on ${notAfter.slice(0, 10)}`;
}

/** In every language: nobody has said which one the recipient reads. */
function textOf({ title, version }: Recipient['unit'], { names, notAfter, warnings, failure }: CertificateState): string {
  const said = [...warnings, ...(failure === undefined ? [] : [failure.remedy]), MORE];
  return [
    `${title.en} ${version}, ${hostname()}`,
    `${names.join(', ')}\n${notAfter}`,
    ...['en', 'ja', 'ru'].map((language) => said.map((text) => textIn(text, language)).join('\n')),
    '',
  ].join('\n\n');
}

const MORE: EveryText = {
  en: '`unitctl cert show` on the unit says more.',
  ja: '詳しくは、ユニットで `unitctl cert show` をご覧ください。',
  ru: 'Подробнее: `unitctl cert show` на узле.',
};
