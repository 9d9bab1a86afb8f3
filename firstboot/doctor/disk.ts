import { stat, statfs } from 'node:fs/promises';

import type { CheckFinding } from '../contract/helper.ts';
import { ignoreMissing } from '../kit/files.ts';
import { type DoctorCheck, ok, problem } from './check.ts';

const MIB = 1024 * 1024;

/** Room on every file system that the unit's state is on: bytes, and inodes where the file system counts them. */
export const disk: DoctorCheck = {
  name: 'disk',
  title: { en: 'Disk space', ja: 'ディスク容量', ru: 'Место на диске' },

  async run({ system, unit }) {
    const seen = new Set<number>();
    const findings: CheckFinding[] = [];
    for (const path of ['/', '/var', '/data', ...Object.values(unit.state).map((item) => item.path)]) {
      const info = await stat(system.path(path)).catch(ignoreMissing);
      if (info === undefined || seen.has(info.dev)) continue;
      seen.add(info.dev);
      const { bavail, blocks, bsize, ffree, files } = await statfs(system.path(path));
      findings.push(judge(path, { free: bavail * bsize, size: blocks * bsize, inodes: files === 0 ? 1 : ffree / files }));
    }
    return findings;
  },
};

export interface Room {
  /** Bytes. */
  free: number;
  size: number;
  /** Share of inodes that are free. */
  inodes: number;
}

export function judge(path: string, { free, size, inodes }: Room): CheckFinding {
  const share = Math.min(free / size, inodes);
  const percent = Math.floor(share * 100);
  const left = `${Math.floor(free / MIB)} MiB, ${percent} %`;
  if (share >= 0.1 && free >= 500 * MIB) return ok(`${path}: ${left} free.`, `${path}: 空き ${left}。`, `${path}: свободно ${left}.`);
  return problem(
    share < 0.03 || free < 100 * MIB ? 'error' : 'warning',
    { en: `${path}: only ${left} free.`, ja: `${path}: 空きが ${left} しかありません。`, ru: `${path}: свободно лишь ${left}.` },
    {
      en: 'Make the virtual disk larger and restart: the file system grows by itself. `journalctl --vacuum-size=64M` and `apt-get clean` help at once.',
      ja: '仮想ディスクを拡張して再起動すると、ファイルシステムは自動的に広がります。`journalctl --vacuum-size=64M` と `apt-get clean` ですぐに空けられます。',
      ru: 'Увеличьте виртуальный диск и перезагрузите узел: файловая система вырастет сама. Сразу помогут `journalctl --vacuum-size=64M` и `apt-get clean`.',
    },
  );
}
