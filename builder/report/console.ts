/** Progress for people, on standard error: a line a stage, and on a terminal one line that is redrawn. */
import type { Location, Problem } from '../kit/errors.ts';
import type { Listener, StampedEvent } from '../kit/events.ts';
import type { Secrets } from '../kit/secrets.ts';
import { duration, type Palette, palette } from './text.ts';

export interface ConsoleOptions {
  stream: NodeJS.WriteStream;
  env: Readonly<Record<string, string | undefined>>;
  verbosity: 'quiet' | 'normal' | 'verbose';
  secrets: Secrets;
}

interface Current {
  stage: string;
  started: number;
  expectedSeconds: number | undefined;
  progress: string;
}

/** @returns the listener, and `close`, which takes the redrawn line away. */
export function consoleReporter(options: ConsoleOptions): { listener: Listener; close(): void } {
  const screen = new Screen(options);
  const timer = setInterval(() => screen.redraw(), 1000);
  timer.unref();
  return {
    listener: (event) => screen.show(event),
    close: () => {
      clearInterval(timer);
      screen.clear();
    },
  };
}

class Screen {
  readonly #options: ConsoleOptions;
  readonly #paint: Palette;
  /** Stages that run, the one that was started first in front: its line is shown. */
  readonly #running = new Map<string, Current>();
  #drawn = false;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#paint = palette(options.stream, options.env);
  }

  show(event: StampedEvent): void {
    const { verbosity } = this.#options;
    if (event.type === 'error') this.#line(formatError(event, this.#paint));
    else if (event.type === 'message' && event.level === 'warning') this.#line(`${this.#paint.yellow('warning:')} ${event.text}`);
    else if (event.type === 'finding') this.#line(formatFinding(event, this.#paint));
    else if (verbosity !== 'quiet') this.#showProgress(event);
  }

  #showProgress(event: StampedEvent): void {
    const paint = this.#paint;
    switch (event.type) {
      case 'run-started':
        if (event.log !== undefined) this.#line(paint.dim(`log: ${event.log}`));
        break;
      case 'stage-started':
        this.#running.set(event.id, { stage: event.stage, started: Date.now(), expectedSeconds: event.expectedSeconds, progress: '' });
        if (this.#options.stream.isTTY !== true) {
          const expected = event.expectedSeconds === undefined ? '' : ` (about ${duration(event.expectedSeconds)} last time)`;
          this.#line(`${event.stage}: started${expected}`);
        }
        break;
      case 'stage-cached':
        this.#line(`${paint.green('✓')} ${event.stage} ${paint.dim('(from the cache)')}`);
        break;
      case 'stage-finished':
        this.#running.delete(event.id);
        this.#line(`${paint.green('✓')} ${event.stage} ${paint.dim(duration(event.seconds))}`);
        break;
      case 'stage-failed':
        this.#running.delete(event.id);
        this.#line(`${paint.red('✗')} ${event.stage} ${paint.dim(duration(event.seconds))}`);
        break;
      case 'progress':
        this.#progress(event);
        break;
      case 'message':
        if (event.level === 'info') this.#line(event.text);
        else if (this.#options.verbosity === 'verbose') this.#line(paint.dim(event.text));
        break;
      case 'output':
        if (this.#options.verbosity === 'verbose') this.#line(paint.dim(`${event.source}: ${event.line}`));
        break;
      default:
        break;
    }
  }

  #progress(event: StampedEvent & { type: 'progress' }): void {
    const percent = event.fraction === undefined ? '' : ` ${Math.floor(event.fraction * 100)} %`;
    // Who speaks is not told: of two stages at once the last one that was started.
    const speaker = [...this.#running.values()].at(-1);
    if (speaker !== undefined) speaker.progress = `${event.message}${percent}`;
    if (this.#options.stream.isTTY === true) this.redraw();
    else if (event.fraction === undefined) this.#line(`  ${event.message}`);
  }

  #line(text: string): void {
    this.clear();
    this.#options.stream.write(`${this.#options.secrets.scrub(text)}\n`);
    this.redraw();
  }

  clear(): void {
    if (this.#drawn) this.#options.stream.write('\r\u001b[K');
    this.#drawn = false;
  }

  redraw(): void {
    const { stream, verbosity, secrets } = this.#options;
    const [current] = this.#running.values();
    if (current === undefined || stream.isTTY !== true || verbosity === 'quiet') return;
    const elapsed = duration((Date.now() - current.started) / 1000);
    const of = current.expectedSeconds === undefined ? '' : ` of about ${duration(current.expectedSeconds)}`;
    const text = secrets.scrub(`… ${current.stage} ${elapsed}${of}${current.progress === '' ? '' : `: ${current.progress}`}`);
    stream.write(`\r\u001b[K${text.slice(0, Math.max(20, stream.columns - 1))}`);
    this.#drawn = true;
  }
}

/** `file:line:column (path)`, as editors and terminals make it a link. */
function formatLocation(where: Location): string {
  const position = where.line === undefined ? '' : `:${where.line}${where.column === undefined ? '' : `:${where.column}`}`;
  return `${where.file}${position}${where.path === undefined || where.path === '' ? '' : ` (${where.path})`}`;
}

function formatProblem(problem: Problem): string {
  const where = problem.where === undefined ? '' : `${formatLocation(problem.where)}: `;
  return `${where}${problem.message}${problem.suggestion === undefined ? '' : `\n      ${problem.suggestion}`}`;
}

function formatFinding(event: StampedEvent & { type: 'finding' }, paint: Palette): string {
  const severity = { error: paint.red('error'), warning: paint.yellow('warning'), info: 'info' }[event.severity];
  return `${severity} [${event.rule}] ${formatProblem(event.problem)}`;
}

function formatError(event: StampedEvent & { type: 'error' }, paint: Palette): string {
  const lines = [`${paint.red('error:')} ${event.message}`];
  if (event.why !== undefined) lines.push(`  why: ${event.why}`);
  for (const problem of event.problems ?? []) lines.push(`  - ${formatProblem(problem)}`);
  if (event.excerpt !== undefined) lines.push(`  ${event.excerpt.title}:`, ...event.excerpt.lines.map((line) => paint.dim(`  | ${line}`)));
  for (const remedy of event.remedies ?? []) lines.push(`  → ${remedy}`);
  return lines.join('\n');
}
