/** pip(1), with the host's own configuration: its indexes, certificates and proxies count. */
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';

/** The newest glibc that wheels ask for in their names (PEP 600) and every supported suite has. */
const NEWEST_GLIBC = 34;
const LEGACY = ['manylinux2014', 'manylinux2010', 'manylinux1', 'linux'];
const MACHINES: Readonly<Record<string, string>> = { amd64: 'x86_64' };

export interface PipTarget {
  /** Version of the guest's Python, `3.13`. */
  python: string;
  /** Debian's name of the architecture. */
  architecture: string;
}

/** Options that make pip choose wheels for another Python than the one it runs on. Pure. */
export function targetOptions({ python, architecture }: PipTarget): string[] {
  const machine = MACHINES[architecture];
  if (machine === undefined) throw new Error(`no wheels are known for ${architecture}`);
  const modern = Array.from({ length: NEWEST_GLIBC - 4 }, (_, index) => `manylinux_2_${NEWEST_GLIBC - index}`);
  return [
    ...['--only-binary=:all:', '--implementation', 'cp', '--python-version', python],
    ...[`cp${python.replace('.', '')}`, 'abi3', 'none'].flatMap((abi) => ['--abi', abi]),
    ...[...modern, ...LEGACY].flatMap((platform) => ['--platform', `${platform}_${machine}`]),
  ];
}

export interface PipDownload extends PipTarget {
  /** A requirements file. */
  requirements: string;
  folder: string;
  /** Also what the requirements depend on. */
  dependencies: boolean;
}

/** `python3` arguments that download wheels. Pure. */
export function downloadArgs(request: PipDownload): string[] {
  return [
    ...['-m', 'pip', '--no-input', '--disable-pip-version-check', 'download', '--progress-bar', 'off', '--dest', request.folder],
    ...(request.dependencies ? [] : ['--no-deps']),
    ...targetOptions(request),
    ...['--requirement', request.requirements],
  ];
}

/** @throws ToolError where a requirement has no wheel or no index can be reached. */
export async function pipDownload(ctx: Context, request: PipDownload): Promise<void> {
  await run(ctx, 'python3', downloadArgs(request));
}

/** Version of the host's pip: the package's own word, which takes a tenth of what `pip --version` loads. @throws ToolError where there is none. */
export async function pipVersion(ctx: Context): Promise<string> {
  return (await run(ctx, 'python3', ['-c', 'import pip; print(pip.__version__)'], { quiet: true })).stdout;
}

export interface PipSettings {
  /** Addresses of package indexes (PEP 503), best first; with log-ins, if the host's configuration has them. */
  indexes: string[];
  /** Further folders and pages with files. */
  links: string[];
}

/** What the host's configuration files and environment say about where packages come from. */
export async function pipSettings(ctx: Context): Promise<PipSettings> {
  const text = (await run(ctx, 'python3', ['-m', 'pip', '--disable-pip-version-check', 'config', 'list'], { quiet: true })).stdout;
  return parseSettings(text);
}

/** Lines `section.key='value'` of `pip config list`; later and more special sections win. Exported for its test. */
export function parseSettings(text: string): PipSettings {
  const values = new Map<string, string>();
  for (const section of ['global', 'download', ':env:']) {
    for (const line of text.split('\n')) {
      const [, name, key, value] = /^([^.]+)\.([\w-]+)=['"](.*)['"]$/.exec(line) ?? [];
      if (name === section && key !== undefined && value !== undefined) values.set(key, value);
    }
  }
  const words = (key: string): string[] => (values.get(key) ?? '').split(/(?:\s|\\n)+/).filter((word) => word !== '');
  const none = /^(?:1|true|yes|on)$/i.test(values.get('no-index') ?? '');
  return {
    indexes: none ? [] : [values.get('index-url') ?? 'https://pypi.org/simple', ...words('extra-index-url')],
    links: words('find-links'),
  };
}
