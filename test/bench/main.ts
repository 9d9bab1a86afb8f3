/** The bench's edge: words of the command line, signals, and where the result goes. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { describeError } from '../../builder/cli/runtime.ts';
import { type Cleanup, withCleanup } from '../../builder/kit/cleanup.ts';
import type { Context } from '../../builder/kit/context.ts';
import { ExitCode, Interrupted, UserError } from '../../builder/kit/errors.ts';
import { Events } from '../../builder/kit/events.ts';
import { writeFileAtomic } from '../../builder/kit/files.ts';
import { defaultCacheDir, defaultStateDir } from '../../builder/kit/paths.ts';
import { Secrets } from '../../builder/kit/secrets.ts';
import { consoleReporter } from '../../builder/report/console.ts';
import { openLog } from '../../builder/report/logfile.ts';
import { removeMappedTree } from '../../builder/tools/namespace.ts';
import type { Bench, BenchOptions, Report } from './bench.ts';
import { againBench } from './benches/again.ts';
import { bakeBench } from './benches/bake.ts';
import { bootBench } from './benches/boot.ts';
import { firstBootBench } from './benches/first-boot.ts';
import { packBench } from './benches/pack.ts';
import { describeHost, type Host, hostLine, isBusy } from './host.ts';
import { Lab } from './lab.ts';
import { isMet, ratioOf, reportMarkdown } from './table.ts';

const BENCHES: readonly Bench[] = [packBench, bakeBench, againBench, bootBench, firstBootBench];

const USAGE = `Usage: npm run bench [-- [NAME...] [options]]

Paired measurements on this machine; a Markdown table on standard output, everything else in the JSON file.
Leave the machine alone meanwhile. Without names all of these run:

${BENCHES.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

Options:
  --image <image>      name or folder of the image that is baked (default: sphere)
  --disk <file>        disk for pack, boot and first-boot (default: the last one that was baked of the image)
  --rounds <n>         pairs of runs for pack (default: 3)
  --json <file>        where the numbers go (default: out/bench.json)
  --cache-dir <folder> cache with downloads and baked disks; work is done below it (default: the XDG cache folder)
  --help
`;

interface Request {
  benches: Bench[];
  options: BenchOptions;
  json: string;
}

/** @returns the exit code. Numbers that miss a target are no failure: the table says so. */
export async function main(argv: readonly string[]): Promise<number> {
  const events = new Events();
  const secrets = new Secrets();
  const screen = consoleReporter({ stream: process.stderr, env: process.env, verbosity: 'normal', secrets });
  const log = openLog(join(defaultStateDir(process.env), 'log'), 'bench', secrets);
  events.listen(screen.listener);
  events.listen(log.listener);
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => controller.abort(new Interrupted(signal)));
  try {
    const request = parseRequest(argv);
    if (request === undefined) {
      process.stdout.write(USAGE);
      return ExitCode.ok;
    }
    events.emit({ type: 'run-started', command: 'bench', log: log.path });
    const ctx: Context = { events, signal: controller.signal, cacheDir: request.options.cacheDir, env: process.env };
    await runAll(request, ctx, screen.close);
    return ExitCode.ok;
  } catch (error) {
    const event = describeError(controller.signal.aborted ? controller.signal.reason : error);
    events.emit(event);
    return event.exitCode;
  } finally {
    screen.close();
    log.close();
  }
}

/** Undefined where help is wanted. @throws UserError(usage) */
function parseRequest(argv: readonly string[]): Request | undefined {
  const option = { type: 'string' } as const;
  const options = { image: option, disk: option, rounds: option, json: option, 'cache-dir': option, help: { type: 'boolean' } } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help === true) return undefined;
  const unknown = positionals.find((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown !== undefined) throw usage(`there is no benchmark "${unknown}"`);
  const rounds = Number(values.rounds ?? 3);
  if (!Number.isInteger(rounds) || rounds < 1) throw usage('--rounds takes a positive whole number');
  return {
    benches: BENCHES.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    options: {
      image: values.image ?? 'sphere',
      disk: values.disk === undefined ? undefined : resolve(values.disk),
      rounds,
      cacheDir: resolve(values['cache-dir'] ?? defaultCacheDir(process.env)),
    },
    json: resolve(values.json ?? join('out', 'bench.json')),
  };
}

function usage(message: string): UserError {
  return new UserError(message, { exitCode: ExitCode.usage, remedies: ['npm run bench -- --help'] });
}

async function runAll({ benches, options, json }: Request, ctx: Context, clearScreen: () => void): Promise<void> {
  await withCleanup(async (cleanup: Cleanup) => {
    const host = await describeHost(ctx);
    if (isBusy(host)) ctx.events.warn(`other work is going on here (load ${host.loadAtStart.toFixed(1)}): times will not mean much`);
    const folder = await workFolder(ctx, cleanup);
    const lab = new Lab(ctx, options, folder);
    const reports: Record<string, Report> = {};
    for (const bench of benches) {
      ctx.events.info(`bench ${bench.name}: ${bench.summary}`);
      reports[bench.name] = await withCleanup((own) => bench.run(lab, ctx, own));
      clearScreen();
      process.stdout.write(`${reportMarkdown(reports[bench.name] as Report)}\n`);
      // After each: what was measured is not lost when a later one fails.
      await writeFileAtomic(json, document(host, reports));
    }
    process.stdout.write(`${hostLine(host)}\n`);
    ctx.events.info(`all numbers: ${json}`);
  });
}

/** Named by this process: two benches at once would spoil each other's times, but not each other's files. */
async function workFolder(ctx: Context, cleanup: Cleanup): Promise<string> {
  const folder = join(ctx.cacheDir, 'bench', String(process.pid));
  cleanup.add(`work folder ${folder}`, () => removeMappedTree(ctx, folder));
  await mkdir(folder, { recursive: true });
  return folder;
}

function document(host: Host, reports: Readonly<Record<string, Report>>): string {
  const judged = Object.entries(reports).map(([name, report]) => [
    name,
    { ...report, rows: report.rows.map((row) => ({ ...row, ratio: ratioOf(row) ?? null, met: isMet(row) ?? null })) },
  ]);
  return `${JSON.stringify({ date: new Date().toISOString(), host, benches: Object.fromEntries(judged) }, null, 2)}\n`;
}
