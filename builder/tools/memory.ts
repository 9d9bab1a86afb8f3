/** Memory as /proc/meminfo tells it (proc(5)). */
import { readFile } from 'node:fs/promises';

/** Bytes that programs can have without swapping (MemAvailable), and free swap. */
export interface Memory {
  available: number;
  swap: number;
}

export async function readMemory(): Promise<Memory> {
  return parseMemory(await readFile('/proc/meminfo', 'utf8'));
}

/** Exported for its test. */
export function parseMemory(meminfo: string): Memory {
  const value = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
  return { available: value('MemAvailable'), swap: value('SwapFree') };
}
