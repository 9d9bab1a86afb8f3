/** The partition table of a plain file, by sfdisk(8). */
import Type, { type Static } from 'typebox';

import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';
import { compileSchema } from '../kit/schema.ts';

const Table = Type.Object({
  partitiontable: Type.Object({
    label: Type.String(),
    sectorsize: Type.Optional(Type.Integer()),
    partitions: Type.Optional(Type.Array(Type.Object({ start: Type.Integer(), size: Type.Integer(), type: Type.String() }))),
  }),
});
type Table = Static<typeof Table>;

export interface FoundPartition {
  /** GUID, upper case (UEFI specification, "GPT Partition Entry"), or the hexadecimal type of an MBR. */
  type: string;
  /** In bytes. */
  offset: number;
  size: number;
}

/** Partitions in the order of the table. @throws ToolError where there is no table */
export async function readPartitions(ctx: Context, folder: string, image: string): Promise<FoundPartition[]> {
  const { stdout } = await run(ctx, 'sfdisk', ['--json', image], { cwd: folder, quiet: true });
  return parseTable(JSON.parse(stdout));
}

export function parseTable(data: unknown): FoundPartition[] {
  const violations = compileSchema(Table)(data);
  if (violations.length > 0) throw new Error(`sfdisk's answer is not understood: ${violations[0]?.path} ${violations[0]?.message}`);
  const { sectorsize = 512, partitions = [] } = (data as Table).partitiontable;
  return partitions.map(({ start, size, type }) => ({ type: type.toUpperCase(), offset: start * sectorsize, size: size * sectorsize }));
}
