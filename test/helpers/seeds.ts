/** Answers that are hard to carry, on the CDs that `unitsmith seed` makes of them. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';

import type { Machine } from '../../builder/vm/machine.ts';
import { Account, eventsOf, inProcess } from './cli-bundle.ts';

/** What shells, XML, YAML and formats of files take for more than text. */
const AWKWARD = `s'q"x <&> $(reboot) \`id\` \\n 100 % {{a}} ё日本`;

export interface AwkwardAnswers {
  answers: Record<string, object | number | boolean>;
  /** Of the certificate in them. */
  fingerprint: string;
}

/** Whole answers, a certificate with its line breaks among them. */
export function awkwardAnswers(): AwkwardAnswers {
  const folder = mkdtempSync(join(tmpdir(), 'answers-'));
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  const names = ['-subj', '/CN=sphere.example.org', '-addext', 'subjectAltName=DNS:sphere.example.org'];
  execFileSync('openssl', ['req', '-x509', ...ec, ...names, '-keyout', 'key', '-out', 'certificate'], { cwd: folder, stdio: 'pipe' });
  const certificate = readFileSync(join(folder, 'certificate'), 'utf8');
  return {
    fingerprint: new X509Certificate(certificate).fingerprint256,
    answers: {
      schemaVersion: 1,
      unattended: true,
      administrator: { login: 'kate', password: AWKWARD },
      domain: { name: 'sphere.example.org' },
      certificate: { mode: 'upload', pem: `${certificate}${readFileSync(join(folder, 'key'), 'utf8')}` },
      product: { superuserEmail: 'owner@example.org', superuserPassword: AWKWARD, siteName: `Сфера ${AWKWARD}` },
    },
  };
}

export type Seeds = Record<'answersDisk' | 'nocloud' | 'ovfEnvironment', string>;

/** What `unitsmith seed sphere` makes of them. */
export async function seedsOf(answers: object): Promise<Seeds> {
  const account = new Account();
  const file = join(account.cwd, 'answers.yaml');
  writeFileSync(file, stringify(answers));
  const outcome = await inProcess(account, ['--json', 'seed', 'sphere', '--answers', file, '--out', account.out]);
  expect(outcome.code, outcome.stdout + outcome.stderr).toBe(0);
  const { data } = eventsOf(outcome).at(-1) as unknown as { data: { files: Seeds } };
  return data.files;
}

/** The settings that the unit keeps, as an answers file has them. */
export async function keptAnswers(machine: Machine): Promise<unknown> {
  return parse(await machine.output(['unitctl', 'settings', 'export', '--with-secrets']));
}
