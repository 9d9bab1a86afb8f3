// Bundles the sources into dist/: the builder (its packages stay outside, npm installs them) and first boot (one file
// with everything inside, because units have no npm). Plain JavaScript: it runs before anything is built.
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const common = { bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'warning', absWorkingDir: root, write: false };

const bundles = await Promise.all([
  build({ ...common, entryPoints: ['builder/main.ts'], outfile: 'dist/unitsmith.mjs', packages: 'external', sourcemap: 'linked' }),
  // A thread starts from a file of its own, which the builder expects beside itself.
  build({ ...common, entryPoints: ['builder/formats/vmdk/deflate-worker.mjs'], outfile: 'dist/deflate-worker.mjs' }),
  build({
    ...common,
    entryPoints: ['firstboot/ctl/main.ts'],
    outfile: 'dist/firstboot/unitctl.mjs',
    minifySyntax: true,
    legalComments: 'none',
    // Some bundled packages are CommonJS and ask for Node's own modules by `require`.
    banner: { js: "import { createRequire as unitCreateRequire } from 'node:module'; const require = unitCreateRequire(import.meta.url);" },
  }),
]);

// By rename, file by file: a command that another terminal runs, or a second build, never meets half a bundle.
const partial = mkdtempSync(join(root, 'node_modules', '.unitsmith-build-'));
try {
  const files = bundles.flatMap(({ outputFiles }) => outputFiles);
  for (const { path, contents } of files) {
    const written = join(partial, basename(path));
    writeFileSync(written, contents, { mode: path === join(dist, 'unitsmith.mjs') ? 0o755 : 0o644 });
    mkdirSync(dirname(path), { recursive: true });
    renameSync(written, path);
  }
  const paths = files.map(({ path }) => path);
  for (const name of readdirSync(dist, { recursive: true })) {
    const path = join(dist, name);
    if (!paths.includes(path) && lstatSync(path).isFile()) rmSync(path, { force: true });
  }
} finally {
  rmSync(partial, { recursive: true, force: true });
}
