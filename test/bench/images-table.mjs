// The table of images/README.md, from what bakes have left: `node test/bench/images-table.mjs [OUT [CACHE]]` prints the rows of
// all images that are in the folder OUT, and takes the times of their stages from the builder's cache.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const [out = 'out', cache = join(homedir(), '.cache', 'unitsmith')] = process.argv.slice(2);
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const megabytes = (path) => (existsSync(path) ? `${Math.round(statSync(path).size / 1e6)} MB` : '');
const minutes = (seconds) => (seconds < 120 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`);
/** Stages whose results are the bake: not those that look at it, or that other formats have of their own. */
const BAKE = /^(resolve|fetch|rootfs|disk|place.*|payload|bake|audit|proof|vmdk|ova|qcow2)$/;

for (const name of readdirSync(out)
  .filter((entry) => entry.endsWith('.proof.json'))
  .sort()) {
  const base = join(out, name.slice(0, -'.proof.json'.length));
  const proof = json(join(out, name));
  const stages = Object.entries(json(`${base}.provenance.json`).stages).filter(([stage]) => BAKE.test(stage));
  const records = stages.map(([stage, id]) => json(join(cache, 'stages', stage.split('/')[0], id, '.stage.json')));
  const cells = [
    json(`${base}.audit.json`).image,
    /^Installed: (.+)$/m.exec(readFileSync(`${base}.sizes.txt`, 'utf8'))?.[1] ?? '',
    megabytes(`${base}.ova`),
    megabytes(`${base}.qcow2`),
    minutes(records.reduce((sum, { seconds }) => sum + seconds, 0)),
    `${proof.memoryMiB} MiB`,
    minutes(proof.secondsToPage),
    minutes(proof.steps.reduce((sum, { seconds }) => sum + seconds, 0)),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
