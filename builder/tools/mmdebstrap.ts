/** mmdebstrap(1): a root file system from Debian packages, here always from a local folder and without a network. */
import { hashData, hashTree, sha256File } from '../kit/hash.ts';
import { templatePath } from '../kit/paths.ts';
import { shellWord } from '../kit/shell-word.ts';

export interface MmdebstrapRequest {
  /** Packages to install beside the essential ones; what they depend on comes along. */
  packages: readonly string[];
  /** Folder with `./Packages` and the .deb files that it names. */
  repository: string;
  /** The tar to write. */
  output: string;
  /** Shell scripts, run by sh with the tree as `$1`: before anything is unpacked, and after everything is configured. */
  setupScript: string;
  customizeScript: string;
  /**
   * Files with options for dpkg. Of these mmdebstrap itself heeds path-exclude and path-include when it extracts the
   * essential packages, which it does without dpkg.
   */
  dpkgOptions: readonly string[];
}

/**
 * The suite is empty, so that the flat repository needs no Release file. apt's sandbox user could not read a cache
 * folder of mode 0700. What --aptopt and --dpkgopt leave in the tree is removed by the customize script. mmdebstrap's own
 * clean-up would empty /etc/machine-id, which is no first boot for systemd: ours does it.
 */
export function mmdebstrapArguments(request: MmdebstrapRequest): string[] {
  return [
    '--mode=root',
    '--variant=essential',
    '--format=tar',
    '--aptopt=APT::Sandbox::User "root"',
    '--dpkgopt=force-unsafe-io',
    ...request.dpkgOptions.map((file) => `--dpkgopt=${file}`),
    '--skip=cleanup/reproducible',
    // What apt and dpkg print, as it comes: progress is read from it.
    '--verbose',
    `--include=${request.packages.join(',')}`,
    // Hooks are handed to sh as one text.
    `--setup-hook=sh ${shellWord(request.setupScript)} "$1"`,
    `--customize-hook=sh ${shellWord(request.customizeScript)} "$1"`,
    '',
    request.output,
    `deb [trusted=yes] copy:${encodeURI(request.repository)} ./`,
  ];
}

/** Hash of our hooks and what they bring into a tree, with the script that they call, which units have too. */
export async function hooksHash(): Promise<string> {
  const called = templatePath('system', 'rootfs', 'usr', 'lib', 'unit', 'forget-identities');
  return hashData([await hashTree(templatePath('rootfs')), await sha256File(called)]);
}

/** What a line of mmdebstrap's, apt's or dpkg's output says about progress: packages unpacked or configured so far. */
export function packageStep(line: string): 'unpacked' | 'configured' | undefined {
  if (line.startsWith('Unpacking ')) return 'unpacked';
  return line.startsWith('Setting up ') ? 'configured' : undefined;
}
