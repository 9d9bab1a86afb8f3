/** The commands, in the order in which --help shows them: one line each. */
import { register as answers } from './answers.ts';
import { register as bake } from './bake.ts';
import { register as cache } from './cache.ts';
import { register as check } from './check.ts';
import type { Cli } from './cli.ts';
import { register as doctor } from './doctor.ts';
import { register as inspect } from './inspect.ts';
import { register as list } from './list.ts';
import { register as lock } from './lock.ts';
import { register as newImage } from './new.ts';
import { register as pack } from './pack.ts';
import { register as seed } from './seed.ts';
import { register as tryImage } from './try.ts';
import { register as verify } from './verify.ts';

export const commands: readonly ((cli: Cli) => void)[] = [
  bake,
  check,
  lock,
  newImage,
  list,
  pack,
  inspect,
  verify,
  tryImage,
  answers,
  seed,
  cache,
  doctor,
];
