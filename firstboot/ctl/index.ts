import type { Ctl } from './cli.ts';

type Register = (ctl: Ctl) => void;

/** The file of each command, in the order of the help. */
const FILES: Readonly<Record<string, () => Promise<{ register: Register }>>> = {
  status: () => import('./status.ts'),
  code: () => import('./code.ts'),
  'open-setup': () => import('./open-setup.ts'),
  'close-setup': () => import('./close-setup.ts'),
  plan: () => import('./plan.ts'),
  apply: () => import('./apply.ts'),
  adopt: () => import('./adopt.ts'),
  settings: () => import('./settings.ts'),
  network: () => import('./network.ts'),
  cert: () => import('./cert.ts'),
  mail: () => import('./mail.ts'),
  services: () => import('./services.ts'),
  plugin: () => import('./plugin.ts'),
  cluster: () => import('./cluster.ts'),
  probe: () => import('./probe.ts'),
  doctor: () => import('./doctor.ts'),
  updates: () => import('./updates.ts'),
  logs: () => import('./logs.ts'),
  'support-bundle': () => import('./support-bundle.ts'),
  reset: () => import('./reset.ts'),
  'new-identity': () => import('./new-identity.ts'),
  helper: () => import('./helper.ts'),
};

/** What a call needs: its command alone where that stands first, else all. To load all takes longer than what most of them do. */
export async function commandsFor([first = '']: readonly string[]): Promise<Register[]> {
  const files = Object.hasOwn(FILES, first) ? [FILES[first] as (typeof FILES)[string]] : Object.values(FILES);
  return (await Promise.all(files.map((load) => load()))).map(({ register }) => register);
}
