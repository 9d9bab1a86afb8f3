/**
 * Waits for all, also where one fails: nothing goes on behind an error.
 * @throws what failed; of several errors the first in the order given
 */
export async function together<Results extends readonly unknown[]>(
  ...work: { [Index in keyof Results]: Promise<Results[Index]> }
): Promise<Results> {
  await Promise.allSettled(work);
  const results: unknown[] = [];
  for (const each of work) results.push(await each);
  return results as unknown as Results;
}
