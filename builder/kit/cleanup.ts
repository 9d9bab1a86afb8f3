/** Undoes what was done, in reverse order, whether the work succeeded, failed or was interrupted. */
export class Cleanup {
  readonly #undos: { what: string; undo: () => Promise<void> | void }[] = [];

  /** Registers `undo`; the returned function takes it back (call it when the thing was given away by rename). */
  add(what: string, undo: () => Promise<void> | void): () => void {
    const entry = { what, undo };
    this.#undos.push(entry);
    return () => {
      const index = this.#undos.indexOf(entry);
      if (index >= 0) this.#undos.splice(index, 1);
    };
  }

  /** Runs every undo, last first. One that fails does not keep the others from running; failures are returned. */
  async run(): Promise<{ what: string; error: unknown }[]> {
    const failures: { what: string; error: unknown }[] = [];
    for (let entry = this.#undos.pop(); entry !== undefined; entry = this.#undos.pop()) {
      try {
        await entry.undo();
      } catch (error) {
        failures.push({ what: entry.what, error });
      }
    }
    return failures;
  }
}

/** Runs `work` with a `Cleanup` of its own and undoes everything it registered, whatever happened. */
export async function withCleanup<T>(work: (cleanup: Cleanup) => Promise<T>): Promise<T> {
  const cleanup = new Cleanup();
  let result: T;
  try {
    result = await work(cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
  const failures = await cleanup.run();
  const first = failures[0];
  if (first !== undefined) throw new Error(`could not clean up: ${first.what}`, { cause: first.error });
  return result;
}
