/** unitctl in this process, with answers to what it asks: as the bundle, and ten times as fast. */
import { runCtl } from '../../../firstboot/ctl/cli.ts';
import { commandsFor } from '../../../firstboot/ctl/index.ts';
import type { FakeUnit } from './fake-unit.ts';

export interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
  asked: string[];
  events: Record<string, unknown>[];
}

export async function unitctl(unit: FakeUnit, argv: readonly string[], answers: readonly string[] = []): Promise<Outcome> {
  const rest = [...answers];
  const said = { stdout: '', stderr: '', asked: [] as string[] };
  const exitCode = await runCtl(
    {
      path: `${unit.at('/bin')}:${process.env['PATH'] ?? ''}`,
      stdout: (text) => {
        said.stdout += text;
      },
      stderr: (text) => {
        said.stderr += text;
      },
      signal: new AbortController().signal,
      ask: (question) => {
        said.asked.push(question);
        return Promise.resolve(rest.shift());
      },
      editor: 'editor',
    },
    await commandsFor(argv),
    ['--root', unit.root, ...argv],
  );
  const lines = argv.includes('--json') ? said.stdout.trimEnd().split('\n') : [];
  return { exitCode, ...said, events: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}
