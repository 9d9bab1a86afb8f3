// What `npm run bake`, `npm test` and `npm run unitsmith` start with in a fresh clone: installs the packages of the lock
// file if they are not there, builds if the sources are newer, looks after the host's programs with --tools (asks for sudo
// only to install Debian packages), and hands what follows `--` to unitsmith. Plain JavaScript: nothing is installed yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dashes = process.argv.indexOf('--');
const flags = process.argv.slice(2, dashes < 0 ? undefined : dashes);
const command = dashes < 0 ? [] : process.argv.slice(dashes + 1);

/** Exit code of what the host lacks: kit/errors.ts. */
const LACKING = 4;

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 11)) {
  fail(
    `Node.js ${process.versions.node} is too old: unitsmith needs 20.11 or newer`,
    'install nodejs 20 or newer (Debian 13 has it; for Debian 12 see nodejs.org)',
  );
}

function fail(message, remedy) {
  process.stderr.write(`error: ${message}\n  → ${remedy}\n`);
  process.exit(LACKING);
}

function run(program, args, remedy) {
  const result = spawnSync(program, args, { cwd: root, stdio: ['inherit', 2, 2] });
  if (result.status !== 0) {
    if (result.signal === 'SIGINT' || result.status === 130) process.exit(130);
    fail(`${[program, ...args].join(' ')} failed`, remedy);
  }
}

// The packages: named by the lock file's hash, so that a pull which changes it installs anew.
const lockHash = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const stamp = join(root, 'node_modules', '.unitsmith-lock');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lockHash) {
  process.stderr.write('installing the packages of package-lock.json\n');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm must reach its registry; see its message above');
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lockHash);
}

function newest(folder) {
  let time = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    time = Math.max(time, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return time;
}

const bundle = join(root, 'dist', 'unitsmith.mjs');
const unitctl = join(root, 'dist', 'firstboot', 'unitctl.mjs');
const sources = Math.max(newest(join(root, 'builder')), newest(join(root, 'firstboot')), statSync(join(root, 'package-lock.json')).mtimeMs);
if (!existsSync(bundle) || !existsSync(unitctl) || Math.min(statSync(bundle).mtimeMs, statSync(unitctl).mtimeMs) < sources) {
  run(process.execPath, [join(root, 'builder', 'build.mjs')], 'see the message above');
}

// What doctor would install is there as long as neither a package of this machine nor what doctor looks for has changed
// since it found all well; the command looks at its own needs again.
const machine = join(root, 'node_modules', '.unitsmith-machine');
const state = machineState();
if (flags.includes('--tools') && (state === undefined || !existsSync(machine) || readFileSync(machine, 'utf8') !== state)) {
  run(process.execPath, [bundle, '--quiet', 'doctor', '--fix'], 'see above what is missing');
  writeFileSync(machine, machineState() ?? '');
}

/** Undefined where there is no dpkg: doctor then looks each time. */
function machineState() {
  const packages = statSync('/var/lib/dpkg/status', { throwIfNoEntry: false });
  return packages && JSON.stringify([packages.mtimeMs, process.getuid(), process.env.PATH, statSync(bundle).mtimeMs]);
}

if (command.length > 0) {
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, [bundle, ...command], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to the child as well; this process only waits for its cleanup and passes on the code.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    // The machine lacks something after all: doctor looks the next time.
    if (code === LACKING) rmSync(machine, { force: true });
    process.exit(code ?? (signal === 'SIGINT' ? 130 : 143));
  });
}
