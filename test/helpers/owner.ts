/** An owner in front of a booted unit: reads the console, and sets the unit up in a browser. */
import { randomUUID } from 'node:crypto';
import { connect, type PeerCertificate } from 'node:tls';
import type { Browser, Page } from 'playwright-core';

import type { Cleanup } from '../../builder/kit/cleanup.ts';
import type { Context } from '../../builder/kit/context.ts';
import { detectAcceleration } from '../../builder/vm/accel.ts';
import { boot } from '../../builder/vm/boot.ts';
import type { Machine } from '../../builder/vm/machine.ts';
import { overlay } from '../../builder/vm/overlay.ts';
import { GUEST_IPV4, type GuestServer } from '../../builder/vm/spec.ts';
import { deadlineIn, waitFor } from '../../builder/vm/wait.ts';
import { launchChromium } from './chromium.ts';

const PORTS = [80, 443, 8443] as const;
/** Seconds, as on hardware virtualisation. */
const BOOT_SECONDS = 120;

export interface Screen {
  code: string;
  /** SHA-256 of the setup page's certificate. */
  fingerprint: string;
}

/** Boots a throw-away overlay of `disk` as an owner would, cut off from every network. */
export async function bootUnit(ctx: Context, disk: string, cleanup: Cleanup, servers: readonly GuestServer[] = []): Promise<Machine> {
  const spec = {
    name: 'first-boot',
    firmware: 'bios' as const,
    controller: 'pvscsi' as const,
    nic: 'vmxnet3' as const,
    cpus: 2,
    memoryMiB: 2048,
    disk: await overlay(ctx, disk, cleanup),
    uuid: randomUUID(),
    forwards: PORTS,
    servers,
  };
  return boot(ctx, spec, await detectAcceleration(ctx), cleanup);
}

/** What the serial console shows to whoever stands before it. */
export async function readScreen(machine: Machine): Promise<Screen> {
  const shown = /Code: +([0-9A-Z]{4}(?:-[0-9A-Z]{4})+)[\s\S]*?SHA-256\):\s+([0-9A-F:]+)\s+([0-9A-F:]+)/;
  const [, code = '', head = '', tail = ''] = await machine.waitForSerial(shown, machine.deadline(BOOT_SECONDS));
  return { code, fingerprint: `${head}:${tail}` };
}

/** A browser to which the unit has the address that it has for itself, whatever ports lead there. */
export async function browserFor(machine: Machine): Promise<Browser> {
  const rules = await Promise.all(PORTS.map(async (port) => `MAP ${GUEST_IPV4}:${port} 127.0.0.1:${await machine.forward(port)}`));
  return launchChromium([`--host-resolver-rules=${rules.join(',')}`]);
}

/** The certificate behind a port of the guest, once something answers there; undefined when the time is over. */
export async function certificateAt(ctx: Context, machine: Machine, port: number, seconds: number): Promise<PeerCertificate | undefined> {
  const hostPort = await machine.forward(port);
  return waitFor(() => peerCertificate(hostPort), deadlineIn(seconds), ctx.signal);
}

function peerCertificate(port: number): Promise<PeerCertificate | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, timeout: 10_000 }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    for (const event of ['error', 'timeout', 'close'] as const)
      socket.on(event, () => {
        socket.destroy();
        resolve(undefined);
      });
  });
}

/** Fills the section that is open, and goes on. */
export async function answer(page: Page, section: string, values: Readonly<Record<string, string>>): Promise<void> {
  await page.waitForURL(`**/section/${section}`);
  for (const [name, value] of Object.entries(values)) await page.fill(`[name="/${name}"]`, value);
  await page.click('button.main');
}
