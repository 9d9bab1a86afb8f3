/** What a benchmark is: a name, and work that gives rows of two sides. */
import type { Cleanup } from '../../builder/kit/cleanup.ts';
import type { Context } from '../../builder/kit/context.ts';
import type { Lab } from './lab.ts';

export type Unit = 'seconds' | 'bytes';

/** One line of the table: the same thing by unitsmith and by what it is compared with. */
export interface Row {
  what: string;
  unit: Unit;
  ours: number;
  /** Absent where nothing is compared. */
  theirs?: number;
  /** Replaces ours / theirs where the ratio was taken pair by pair. */
  ratio?: number;
  /** The most that is wanted: of the ratio, or of our own value. */
  target?: { of: 'ratio' | 'ours'; most: number };
  note?: string;
}

export interface Report {
  title: string;
  /** Names of the two sides, as the table's heads. */
  sides: { ours: string; theirs: string };
  rows: Row[];
  /** What a reader has to know to judge the numbers: whom a choice favours above all. */
  notes: string[];
  /** For the JSON alone: single runs, times of stages. */
  details: unknown;
}

export interface Bench {
  name: string;
  /** One line for --help. */
  summary: string;
  /** What is registered with `cleanup` is undone when this benchmark ends. */
  run(lab: Lab, ctx: Context, cleanup: Cleanup): Promise<Report>;
}

/** What the command line says. */
export interface BenchOptions {
  /** Name of an image, or path of its folder. */
  image: string;
  /** Disk for `pack` and `boot` in place of the last one that was baked. */
  disk: string | undefined;
  /** Pairs of runs where one run is short. */
  rounds: number;
  /** Cache whose downloads and sealed disks are taken, and below which the work is done. */
  cacheDir: string;
}
