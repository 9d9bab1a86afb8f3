// `npm run bench`: bundles main.ts, as build.mjs does the builder, and runs it. Plain JavaScript: Node 20 reads no TypeScript.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
// Inside the checkout: the packages are found from there, and the builder finds its templates.
const bundle = join(root, 'node_modules', '.cache', 'unitsmith', `bench-${process.pid}.mjs`);
process.on('exit', () => rmSync(bundle, { force: true }));

await build({
  absWorkingDir: root,
  entryPoints: ['test/bench/main.ts'],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
});
const { main } = await import(pathToFileURL(bundle).href);
process.exitCode = await main(process.argv.slice(2));
