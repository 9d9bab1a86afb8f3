// Bundles the sources into dist/: the builder (its packages stay outside, npm installs them) and first boot (one file
// with everything inside, because units have no npm). Plain JavaScript: it runs before anything is built.
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const common = { bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'warning', absWorkingDir: root };

rmSync(join(root, 'dist'), { recursive: true, force: true });
await build({ ...common, entryPoints: ['builder/main.ts'], outfile: 'dist/unitsmith.mjs', packages: 'external', sourcemap: 'linked' });
// A thread starts from a file of its own, which the builder expects beside itself.
await build({ ...common, entryPoints: ['builder/formats/vmdk/deflate-worker.mjs'], outfile: 'dist/deflate-worker.mjs' });
await build({
  ...common,
  entryPoints: ['firstboot/ctl/main.ts'],
  outfile: 'dist/firstboot/unitctl.mjs',
  minifySyntax: true,
  legalComments: 'none',
  // Some bundled packages are CommonJS and ask for Node's own modules by `require`.
  banner: { js: "import { createRequire as unitCreateRequire } from 'node:module'; const require = unitCreateRequire(import.meta.url);" },
});
if (readFileSync(join(root, 'dist/unitsmith.mjs'), 'utf8').startsWith('#!')) chmodSync(join(root, 'dist/unitsmith.mjs'), 0o755);
