import { networkInterfaces } from 'node:os';

/** Bridges and wires of containers: nobody reaches the unit by them. */
const CONTAINERS = /^(docker|br-|veth)/;

/** Addresses of this machine, without loopback, link-local IPv6 (RFC 4291, 2.5.6) and those of containers. */
export function ownAddresses(): string[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    CONTAINERS.test(name)
      ? []
      : addresses.filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address)).map(({ address }) => address),
  );
}
