import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Journal, lastRun, parseJournal } from '../../../../firstboot/apply/journal.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unit-journal-'));
  path = join(folder, 'deep', 'journal.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const done = (step: string, changed: boolean, fingerprint = 'f') => ({ type: 'done', step, changed, fingerprint, seconds: 0 }) as const;

describe('journal', () => {
  test('is made for root alone, and read back', async () => {
    const journal = await Journal.open(path, 'boot');
    await journal.append({ type: 'begin', plan: 'p' });
    await journal.append(done('a', true, 'one'));
    await journal.append(done('a', false, 'two'));
    await journal.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = await Journal.open(path, 'boot');
    expect(again.records).toHaveLength(3);
    expect(again.lastFingerprint('a')).toBe('two');
    expect(again.lastFingerprint('b')).toBeUndefined();
    await again.close();
  });

  test('a torn line is cut off on disk before the next one is written', async () => {
    const journal = await Journal.open(path, 'boot');
    await journal.append({ type: 'start', step: 'é' });
    await journal.close();
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"type":"do`);
    const again = await Journal.open(path, 'boot');
    await again.append({ type: 'start', step: 'b' });
    await again.close();
    expect(
      readFileSync(path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).step),
    ).toEqual(['é', 'b']);
  });

  test('blanked blocks and foreign lines are left out', () => {
    expect(parseJournal('\0\0\0\n5\nnull\n{"type":"end","outcome":"failed"}\n')).toEqual([{ type: 'end', outcome: 'failed' }]);
  });

  test('a run goes on from the interrupted one with the same plan, in the same boot', async () => {
    const journal = await Journal.open(path, 'boot');
    await journal.append({ type: 'begin', plan: 'old' });
    await journal.append(done('x', true));
    await journal.append({ type: 'begin', plan: 'p' });
    await journal.append(done('a', true));
    const began = journal.records[2]?.clock;
    const changed = journal.records[3]?.clock;
    await journal.append({ type: 'begin', plan: 'p' });
    await journal.append(done('a', false));
    expect(journal.progress()).toEqual({ began, lastChange: changed });
    await journal.append({ type: 'end', outcome: 'finalised' });
    await journal.append({ type: 'begin', plan: 'p' });
    expect(journal.progress()).toEqual({ began: journal.records.at(-1)?.clock, lastChange: undefined });
    await journal.close();
    const later = await Journal.open(path, 'another boot');
    await later.append({ type: 'begin', plan: 'p' });
    expect(later.progress()).toEqual({ began: later.records.at(-1)?.clock, lastChange: undefined });
    await later.close();
  });

  test('how the last run went', () => {
    const stamp = { time: '', boot: '', clock: 0 };
    const failed = { type: 'failed', step: 'a', reason: 'r', log: [], ...stamp } as const;
    expect(lastRun([])).toBeUndefined();
    expect(lastRun([{ type: 'begin', plan: 'p', ...stamp }])).toEqual({ outcome: 'open' });
    const ended = [{ type: 'begin', plan: 'p', ...stamp } as const, failed, { type: 'end', outcome: 'failed', ...stamp } as const];
    expect(lastRun(ended)).toEqual({ outcome: 'failed', failure: failed });
    const again = [...ended, { type: 'begin', plan: 'p', ...stamp } as const];
    expect(lastRun(again)).toEqual({ outcome: 'open' });
    expect(lastRun([...again, { type: 'start', step: 'b', ...stamp }])).toEqual({ outcome: 'open', step: 'b' });
  });
});
