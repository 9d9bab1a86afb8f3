/**
 * How the one-time keys get into the guest: as a system credential that systemd-tmpfiles reads at boot
 * (systemd.system-credentials(7), tmpfiles.extra; systemd 252 and later), handed over in SMBIOS. The keys themselves stay
 * in /run; the disk gets links only, which seal.sh removes.
 */

/** In the guest, on a tmpfs. */
const FOLDER = '/run/unitsmith-bake';

export interface BakeKeys {
  /** One line of authorized_keys(5). */
  authorizedKey: string;
  /** The guest's own private key, in OpenSSH's format: making one takes an emulated guest seconds. */
  hostKey: string;
}

/** Lines of tmpfiles.d(5). */
export function tmpfilesLines(keys: BakeKeys): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const lines = [
    `d ${FOLDER} 0700 root root -`,
    `f~ ${FOLDER}/authorized_keys 0600 root root - ${base64(`${keys.authorizedKey}\n`)}`,
    `f~ ${FOLDER}/host_key 0600 root root - ${base64(keys.hostKey)}`,
    'd /root/.ssh 0700 root root -',
    `L+ /root/.ssh/authorized_keys - - - - ${FOLDER}/authorized_keys`,
    `L+ /etc/ssh/ssh_host_ed25519_key - - - - ${FOLDER}/host_key`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Value of QEMU's -smbios. Base64 has no comma, which QEMU would split at. */
export function smbiosCredential(name: string, content: string): string {
  return `type=11,value=io.systemd.credential.binary:${name}=${Buffer.from(content).toString('base64')}`;
}
