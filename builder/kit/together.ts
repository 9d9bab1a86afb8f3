/**
 * Waits for both, also where one fails: nothing goes on behind an error.
 * @throws what the first of them threw; of two errors that of `first`
 */
export async function together<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}
