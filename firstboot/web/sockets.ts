/** The sockets that systemd hands over (sd_listen_fds(3)), or addresses to listen at, for tests and trials. */

/** 80, 443 until Apply; 8443, from Apply until the owner confirms. */
export const SOCKET_NAMES = ['http', 'https', 'https-later'] as const;
export type SocketName = (typeof SOCKET_NAMES)[number];
/** As net.Server.listen takes it. */
export type ListenAt = { fd: number } | { host: string; port: number };
/** One name may stand for several sockets: IPv4 and IPv6. */
export type Sockets = Record<SocketName, ListenAt[]>;

/** SD_LISTEN_FDS_START. */
const FIRST = 3;

/** @throws Error for a socket whose name (FileDescriptorName= of its unit) is none of ours */
export function socketsOf(env: Readonly<Record<string, string | undefined>>, pid: number): Sockets {
  const sockets: Sockets = { http: [], https: [], 'https-later': [] };
  if (env['LISTEN_PID'] !== String(pid)) return sockets;
  const names = (env['LISTEN_FDNAMES'] ?? '').split(':');
  for (let index = 0; index < Number(env['LISTEN_FDS'] ?? 0); index += 1) {
    const name = SOCKET_NAMES.find((each) => each === names[index]);
    if (name === undefined) throw new Error(`systemd hands over a socket named "${names[index] ?? ''}", which setup does not know`);
    sockets[name].push({ fd: FIRST + index });
  }
  return sockets;
}

/** `127.0.0.1:8080`, `[::1]:8080`. @throws Error for anything else */
export function addressOf(text: string): ListenAt {
  const match = /^(?:\[([0-9a-f:.]+)\]|([0-9a-z.-]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new Error(`${text} is not HOST:PORT`);
  return { host: match[1] ?? match[2] ?? '', port };
}
