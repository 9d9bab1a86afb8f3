// Bundles the sources into dist/: the builder (its packages stay outside, npm installs them) and first boot (with everything
// inside, because units have no npm). Plain JavaScript: it runs before anything is built.
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

import { stageCodes } from './stage-code.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const common = { bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'warning', absWorkingDir: root, write: false };

/**
 * What runs on units: entry point below firstboot/, and its bundle. unitctl's commands are loaded one at a time, so its bundle
 * is a first file and parts (`unitctl-*.mjs`); the others need all that they have.
 */
const FIRST_BOOT = [
  { entry: 'ctl/main.ts', out: 'unitctl', splitting: true },
  { entry: 'ctl/console-main.ts', out: 'console-text' },
  { entry: 'web/main.ts', out: 'setup' },
  { entry: 'cluster/server/main.ts', out: 'cluster' },
];

/** `import text from './page.hbs?raw'`, as vite has it for the tests. */
const rawText = {
  name: 'raw-text',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?raw$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.slice(0, -'?raw'.length)),
      namespace: 'raw',
    }));
    onLoad({ filter: /.*/, namespace: 'raw' }, ({ path }) => ({ contents: readFileSync(path, 'utf8'), loader: 'text' }));
  },
};

const bundles = await Promise.all([
  build({ ...common, entryPoints: ['builder/main.ts'], outfile: 'dist/unitsmith.mjs', packages: 'external', sourcemap: 'linked' }),
  // A thread starts from a file of its own, which the builder expects beside itself.
  build({ ...common, entryPoints: ['builder/formats/vmdk/deflate-worker.mjs'], outfile: 'dist/deflate-worker.mjs' }),
  ...FIRST_BOOT.map(({ entry, out, splitting = false }) =>
    build({
      ...common,
      entryPoints: [{ in: `firstboot/${entry}`, out }],
      outdir: 'dist/firstboot',
      outExtension: { '.js': '.mjs' },
      splitting,
      chunkNames: `${out}-[name]-[hash]`,
      plugins: [rawText],
      alias: { 'abstract-logging': './firstboot/web/no-logging.cjs' },
      minifySyntax: true,
      metafile: true,
      // They stand in THIRD-PARTY-LICENSES.txt, whole.
      legalComments: 'none',
      // Some bundled packages are CommonJS and ask for Node's own modules by `require`.
      banner: {
        js: "import { createRequire as unitCreateRequire } from 'node:module'; const require = unitCreateRequire(import.meta.url);",
      },
    }),
  ),
]);

const codes = `${JSON.stringify(await stageCodes(root), null, 2)}\n`;

const bundled = bundledPackages(bundles.flatMap(({ metafile }) => (metafile === undefined ? [] : [metafile])));
const texts = {
  'unitctl.packages.json': `${JSON.stringify(
    bundled.map(({ name, version, licence }) => ({ name, version, licence })),
    null,
    2,
  )}\n`,
  'THIRD-PARTY-LICENSES.txt': bundled.map(({ name, version, text }) => `${'='.repeat(78)}\n${name} ${version}\n\n${text}\n`).join('\n'),
};

/** The npm packages that esbuild bundles hold code of, in the order of names, each with its licence's text. */
function bundledPackages(metafiles) {
  const outputs = metafiles.flatMap((metafile) => Object.values(metafile.outputs));
  const paths = outputs.flatMap(({ inputs }) => Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0));
  const folders = new Set(paths.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  const packages = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const files = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i.test(file));
    if (typeof license !== 'string' || files.length === 0) throw new Error(`${folder} is bundled, but does not say its licence`);
    const text = files.sort().map((file) => readFileSync(join(root, folder, file), 'utf8').trim());
    return { name, version, licence: license, text: text.join('\n\n') };
  });
  const key = ({ name, version }) => `${name}@${version}`;
  return packages.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

// By rename, file by file: a command that another terminal runs, or a second build, never meets half a bundle.
const partial = mkdtempSync(join(root, 'node_modules', '.unitsmith-build-'));
try {
  const files = [
    ...bundles.flatMap(({ outputFiles }) => outputFiles),
    ...Object.entries(texts).map(([name, contents]) => ({ path: join(dist, 'firstboot', name), contents })),
    { path: join(dist, 'stage-code.json'), contents: codes },
  ];
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
