/** One run at a time on a unit. */
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

import { ExitCode, UnitError } from './errors.ts';
import { ignoreMissing, makeFolder } from './files.ts';
import type { System } from './system.ts';

/** Held by whatever changes the unit. */
export const LOCK = '/run/unit/apply.lock';

/** Seconds that nobody is refused for: who only looks at the lock (`isLocked`) has it for a moment. */
const GLANCE = 0.5;

/** Held while the process lives: the kernel lets go when it is killed. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Locks `path` (a path of the unit). flock(1) takes the lock on our open file, which stays ours when flock(1) has ended;
 * files that Node opens are not handed on to other programs.
 * @param wait seconds to wait for another process to let go
 * @throws UnitError with `busy` where another process holds it
 */
export async function lock(system: System, path: string, wait = 0): Promise<Lock> {
  const file = system.path(path);
  await makeFolder(dirname(file));
  const handle = await open(file, 'a', 0o600);
  const patience = ['--timeout', String(Math.max(wait, GLANCE))];
  const { exitCode } = await system.run('flock', ['--exclusive', ...patience, '3'], { fd3: handle.fd, okExitCodes: [0, 1] });
  if (exitCode === 0) return { release: () => handle.close() };
  await handle.close();
  throw new UnitError('the unit is being changed by another run', {
    exitCode: ExitCode.busy,
    texts: {
      en: 'Another run is changing the unit. Wait until it has ended, and try again.',
      ja: '別の処理がユニットを変更しています。終わるまで待ってから、もう一度お試しください。',
      ru: 'Узел меняет другой процесс. Дождитесь его конца и попробуйте ещё раз.',
    },
    remedies: ['Wait until it has ended: `unitctl status` shows its state.'],
  });
}

/** Whether a process holds the lock at `path`. By a shared lock, so that two who look do not take each other for a run. */
export async function isLocked(system: System, path: string): Promise<boolean> {
  const handle = await open(system.path(path), 'r').catch(ignoreMissing);
  if (handle === undefined) return false;
  try {
    return (await system.run('flock', ['--shared', '--nonblock', '3'], { fd3: handle.fd, okExitCodes: [0, 1] })).exitCode === 1;
  } finally {
    await handle.close();
  }
}
