/** Image folders for tests: the skeleton, or a fixture, with files changed or taken away. */
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

import { inspectImage } from '../../../builder/definition/inspect.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/definitions', import.meta.url));

export interface Change {
  /** In image.yaml: each text must be there, and is replaced by the other. */
  replace?: readonly (readonly [string, string])[];
  /** Files by path; null removes one. */
  files?: Readonly<Record<string, string | Uint8Array | null>>;
  executable?: readonly string[];
}

/** A copy of the fixture `whole`, changed; removed after the test. */
export async function folderOf(change: Change = {}, fixture = 'whole'): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'unitsmith-definition-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const folder = join(parent, fixture);
  await cp(join(FIXTURES, fixture), folder, { recursive: true });
  for (const [path, content] of Object.entries(change.files ?? {})) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    if (content === null) await rm(join(folder, path), { recursive: true });
    else await writeFile(join(folder, path), content);
  }
  for (const path of change.executable ?? []) await chmod(join(folder, path), 0o755);
  if (change.replace !== undefined) await replaceIn(join(folder, 'image.yaml'), change.replace);
  return folder;
}

async function replaceIn(path: string, pairs: readonly (readonly [string, string])[]): Promise<void> {
  let text = await readFile(path, 'utf8');
  for (const [from, to] of pairs) {
    if (!text.includes(from)) throw new Error(`the fixture has no "${from}"`);
    text = text.replace(from, () => to);
  }
  await writeFile(path, text);
}

/** Findings of a changed copy, as lines `rule file:line:column pointer: message [suggestion]`. */
export async function findingsOf(change: Change = {}, auditRules?: readonly string[]): Promise<string[]> {
  const folder = await folderOf(change);
  const { findings } = await inspectImage(folder, { cwd: folder, auditRules });
  return findings.map(({ rule, severity, problem: { where, message, suggestion } }) => {
    const place = [where?.file, where?.line, where?.column].filter((part) => part !== undefined).join(':');
    return `${severity === 'warning' ? 'warning ' : ''}${rule} ${place} ${where?.path ?? '-'}: ${message} [${suggestion ?? ''}]`;
  });
}
