/** The unit's secrets: one file each, mode 0600, born here and kept (design, rule 1). */
import { join } from 'node:path';

import { UNIT_PATHS } from '../contract/unit.ts';
import { makeFolder, readIfExists, removeFile, writeFileAtomic } from '../kit/files.ts';
import type { System } from '../kit/system.ts';

export class SecretStore {
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  /** Path on the unit. */
  pathOf(name: string): string {
    return join(UNIT_PATHS.secrets, name);
  }

  /** The secret's value, registered with the scrubber; undefined where it is not made yet. */
  async read(name: string): Promise<string | undefined> {
    const value = await readIfExists(this.#system.path(this.pathOf(name)));
    if (value === undefined || value === '') return undefined;
    this.#system.scrubber.register(value);
    return value;
  }

  async write(name: string, value: string): Promise<void> {
    this.#system.scrubber.register(value);
    await makeFolder(this.#system.path(UNIT_PATHS.state));
    await makeFolder(this.#system.path(UNIT_PATHS.secrets), 0o700);
    await writeFileAtomic(this.#system.path(this.pathOf(name)), value, { mode: 0o600 });
  }

  async remove(name: string): Promise<void> {
    await removeFile(this.#system.path(this.pathOf(name)));
  }

  /** All of `names` that exist. */
  async readAll(names: readonly string[]): Promise<Record<string, string>> {
    const values = await Promise.all(names.map(async (name) => [name, await this.read(name)] as const));
    return Object.fromEntries(values.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }
}
