/** The commands, in the order in which --help shows them: one line each. */
import type { Cli } from './cli.ts';

export const commands: readonly ((cli: Cli) => void)[] = [];
