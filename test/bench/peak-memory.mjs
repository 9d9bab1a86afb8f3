// Preloaded into unitsmith (node --import) by the benchmark of `pack`: writes the most memory that the process and its
// threads ever had (getrusage(2), ru_maxrss, in KiB) into the file that UNITSMITH_BENCH_PEAK names.
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.UNITSMITH_BENCH_PEAK;
if (file !== undefined && isMainThread) process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS)));
