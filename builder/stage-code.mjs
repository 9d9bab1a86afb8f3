// A hash of the code behind each stage, as `build.mjs` writes it into dist/: of what esbuild leaves when it bundles that
// stage and nothing else. So comments, types and formatting do not count, nor does code that the stage never reaches; a
// message of another stage changes nothing here. Packages that npm installs count by their versions.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** How every stage is exported: its name, and `Stage`. */
const EXPORT = /^export const (\w+)Stage\b/gm;

/**
 * Name of each stage below `root`/builder/stages to the hash of its code.
 * @param plugins of esbuild: a test changes sources by one
 */
export async function stageCodes(root, plugins = []) {
  const folder = join(root, 'builder', 'stages');
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
  const stages = files.sort().flatMap((file) => {
    const names = readFileSync(join(folder, file), 'utf8').matchAll(EXPORT);
    return [...names].map(([, name]) => ({ name, contents: `export { ${name}Stage } from './${file}';` }));
  });
  const codes = stages.map(async ({ name, contents }) => [name, await codeOf({ contents, resolveDir: folder }, root, plugins)]);
  return Object.fromEntries(await Promise.all(codes));
}

async function codeOf(stdin, root, plugins) {
  const { outputFiles, metafile } = await build({
    ...{ stdin, plugins, absWorkingDir: root, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20' },
    // Not names: esbuild gives short ones by how often letters stand in the sources, types among them.
    ...{ write: false, metafile: true, minifyWhitespace: true, minifySyntax: true, legalComments: 'none', logLevel: 'warning' },
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  const packages = new Set(imports.filter((path) => !path.startsWith('node:')).map((path) => /^(?:@[^/]+\/)?[^/]+/.exec(path)[0]));
  const hash = createHash('sha256').update(outputFiles[0].contents);
  for (const name of [...packages].sort()) {
    hash.update(`\n${name} ${JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version}`);
  }
  return hash.digest('hex');
}
