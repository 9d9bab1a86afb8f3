/** Reports as Markdown: the table that goes into builder/README.md. Pure. */
import type { Report, Row, Unit } from './bench.ts';

/** One report: heading, table (GitHub Flavored Markdown), and what has to be known to read it. */
export function reportMarkdown(report: Report): string {
  const head = ['', report.sides.ours, report.sides.theirs, 'ratio', 'target', 'met', ''];
  const alignment = ['---', '---:', '---:', '---:', '---:', '---', '---'];
  const lines = [head, alignment, ...report.rows.map(cells)].map((row) => `| ${row.map(escapeCell).join(' | ')} |`);
  const notes = report.notes.map((note) => `- ${note}`);
  return `${[`## ${report.title}`, '', ...lines, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n')}\n`;
}

function cells(row: Row): string[] {
  const ratio = ratioOf(row);
  return [
    row.what,
    quantity(row.ours, row.unit),
    row.theirs === undefined ? '' : quantity(row.theirs, row.unit),
    ratio === undefined ? '' : ratio.toFixed(3),
    row.target === undefined ? '' : `≤ ${row.target.of === 'ratio' ? row.target.most : quantity(row.target.most, row.unit)}`,
    { true: 'yes', false: '**no**', undefined: '' }[String(isMet(row)) as 'true' | 'false' | 'undefined'],
    row.note ?? '',
  ];
}

/** Ours through theirs; undefined where there is nothing to compare with. */
export function ratioOf(row: Row): number | undefined {
  if (row.ratio !== undefined) return row.ratio;
  return row.theirs === undefined || row.theirs === 0 ? undefined : row.ours / row.theirs;
}

/** Undefined where there is no target, or no ratio that it could be of. */
export function isMet(row: Row): boolean | undefined {
  if (row.target === undefined) return undefined;
  const value = row.target.of === 'ratio' ? ratioOf(row) : row.ours;
  return value === undefined ? undefined : value <= row.target.most;
}

/** A number as people read it: `4.2 s`, `3 min 20 s`, `453.1 MB` (10^6 bytes, as disks are sold and the targets are said). */
export function quantity(value: number, unit: Unit): string {
  if (unit === 'bytes') return value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(1)} MB`;
  if (value < 99.95) return `${value.toFixed(1)} s`;
  const seconds = Math.round(value);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** A vertical bar would end the cell, and a line end the table. */
function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
