/** An owner in front of a booted unit: reads the console, and sets the unit up in a browser. */
import { randomUUID } from 'node:crypto';
import { connect, type PeerCertificate } from 'node:tls';
import type { Browser, Page } from 'playwright-core';

import type { Cleanup } from '../../builder/kit/cleanup.ts';
import type { Context } from '../../builder/kit/context.ts';
import { detectAcceleration } from '../../builder/vm/accel.ts';
import { bootUntil } from '../../builder/vm/boot.ts';
import type { Machine } from '../../builder/vm/machine.ts';
import { type DiskSpec, GUEST_IPV4, type MachineSpec } from '../../builder/vm/spec.ts';
import { deadlineIn, waitFor } from '../../builder/vm/wait.ts';
import { launchChromium } from './chromium.ts';

const PORTS = [80, 443, 8443] as const;
/** Seconds, as on hardware virtualisation. */
const BOOT_SECONDS = 120;

export interface Shown {
  code: string;
  /** SHA-256 of the setup page's certificate. */
  fingerprint: string;
}

/** What systemd says first. */
const HANDED_OVER = /Welcome to /;

/**
 * Boots `disk`, an overlay, as an owner would: cut off from every network, a machine of its own unless `more` says which. Until
 * the kernel has handed over, or until `until`: a panic of an emulated one before that costs another boot and not the test.
 */
export async function bootUnit(
  ctx: Context,
  disk: DiskSpec,
  cleanup: Cleanup,
  more: Partial<MachineSpec> = {},
  until = (machine: Machine): Promise<unknown> => machine.waitForSerial(HANDED_OVER, machine.deadline(BOOT_SECONDS)),
): Promise<Machine> {
  const spec: MachineSpec = {
    name: 'first-boot',
    firmware: 'bios',
    controller: 'pvscsi',
    nic: 'vmxnet3',
    cpus: 2,
    memoryMiB: 2048,
    disk,
    uuid: randomUUID(),
    forwards: PORTS,
    ...more,
  };
  const how = { spec: () => Promise.resolve(spec), until };
  return bootUntil(ctx, how, await detectAcceleration(ctx), cleanup);
}

/** What the serial console shows in its last boot to whoever stands before it, once that is another code than `before`. */
export async function readScreen(machine: Machine, before = 'none'): Promise<Shown> {
  const shown = new RegExp(
    `[\\s\\S]*Code: +(?!${before})([0-9A-Z]{4}(?:-[0-9A-Z]{4})+)[\\s\\S]*?SHA-256\\):\\s+([0-9A-F:]+)\\s+([0-9A-F:]+)(?![\\s\\S]*Linux version)`,
  );
  const [, code = '', head = '', tail = ''] = await machine.waitForSerial(shown, machine.deadline(BOOT_SECONDS));
  return { code, fingerprint: `${head}:${tail}` };
}

/** A browser to which the unit has the addresses that it has for itself, whatever ports lead there. */
export async function browserFor(machine: Machine, others: readonly string[] = []): Promise<Browser> {
  const rules: string[] = [];
  for (const port of PORTS) {
    rules.push(`MAP ${GUEST_IPV4}:${port} 127.0.0.1:${await machine.forward(port)}`);
    for (const address of others) rules.push(`MAP ${address}:${port} 127.0.0.1:${await machine.forward(port, address)}`);
  }
  return launchChromium([`--host-resolver-rules=${rules.join(',')}`]);
}

/** The certificate behind a port of the guest, once something answers there; undefined when the time is over. */
export async function certificateAt(ctx: Context, machine: Machine, port: number, seconds: number): Promise<PeerCertificate | undefined> {
  return certificateBehind(ctx, await machine.forward(port), seconds);
}

/** The same by the port of this host that leads there. */
export async function certificateBehind(ctx: Context, hostPort: number, seconds: number): Promise<PeerCertificate | undefined> {
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

/** Enters the code of the console; the first section is open then. */
export async function claim(page: Page, code: string): Promise<void> {
  await page.goto(`https://${GUEST_IPV4}/`);
  await page.fill('#code', code);
  await page.press('#code', 'Enter');
  await page.waitForURL('**/section/*');
}

/** Fills controls of the section that is open: text, a choice by its value, a box by `true`. */
export async function fill(page: Page, values: Readonly<Record<string, string | true>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    const control = page.locator(`[name="/${name}"]`);
    const type = await control.first().getAttribute('type');
    if (value === true) await control.check();
    else if (type === 'radio') await page.check(`[name="/${name}"][value="${value}"]`);
    else if ((await control.first().evaluate('(element) => element.tagName')) === 'SELECT') await control.selectOption(value);
    else await control.fill(value);
  }
}

/** Fills the section that is open, and goes on. */
export async function answer(page: Page, section: string, values: Readonly<Record<string, string | true>>): Promise<void> {
  await page.waitForURL(`**/section/${section}`);
  await fill(page, values);
  await page.click('button.main');
}

/** Has the section that is open try out what it offers. @returns what it reports */
export async function tryOut(page: Page, check: string): Promise<string> {
  await page.click(`button[value="check:${check}"]`);
  return (await page.textContent('#report')) ?? '';
}
