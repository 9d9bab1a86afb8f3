/** VMware's guestinfo: what the hypervisor and programs in the guest tell each other, by open-vm-tools. Any local user can read it. */
import { ProgramError } from '../kit/errors.ts';
import type { RunResult } from '../kit/process.ts';
import type { SourceContext } from './source.ts';

type Context = Pick<SourceContext, 'system' | 'note'>;

/** Seconds. */
const TIMEOUT = 30;

/** The value of `guestinfo.<key>`; undefined where there is none, or no VMware. */
export async function readGuestinfo(context: Context, key: string): Promise<string | undefined> {
  if (!(await isVmware(context))) return undefined;
  const outcome = await rpc(context, `info-get guestinfo.${key}`);
  if (outcome === undefined) return undefined;
  if (outcome.exitCode !== 0) {
    // What both tools say where nothing is set: the usual case.
    const said = `${outcome.stdout}\n${outcome.stderr}`.trim();
    if (!/no value found/i.test(said)) context.note(`guestinfo.${key} could not be read: ${said.split('\n').at(-1) ?? ''}`);
    return undefined;
  }
  return outcome.stdout.trim() === '' ? undefined : outcome.stdout;
}

/** Overwrites a value. It cannot be removed or made empty: one space is as near as it gets (cloud-init does the same). */
export async function clearGuestinfo(context: Context, key: string, value = ' '): Promise<void> {
  const outcome = await rpc(context, `info-set guestinfo.${key} ${value}`);
  if (outcome?.exitCode !== 0) context.note(`guestinfo.${key} could not be cleared: any user of this unit can read it`);
}

/** By the value that cloud-init itself writes there (DataSourceVMware, `redact`). */
export async function clearUserData(context: Context): Promise<void> {
  if ((await readGuestinfo(context, 'userdata')) === undefined) return;
  await clearGuestinfo(context, 'userdata', '---');
  await clearGuestinfo(context, 'userdata.encoding');
}

async function isVmware({ system }: Context): Promise<boolean> {
  return (await answered(system.run('systemd-detect-virt', [], { okExitCodes: [0, 1], timeout: TIMEOUT })))?.stdout === 'vmware';
}

/** By the first of the two programs that is there and comes to an end. */
async function rpc({ system }: Context, command: string): Promise<RunResult | undefined> {
  const any = { okExitCodes: Array.from({ length: 256 }, (_, code) => code), timeout: TIMEOUT };
  return (
    (await answered(system.run('vmware-rpctool', [command], any))) ?? (await answered(system.run('vmtoolsd', ['--cmd', command], any)))
  );
}

async function answered(run: Promise<RunResult>): Promise<RunResult | undefined> {
  return run.catch((error: unknown) => {
    if (error instanceof ProgramError) return undefined;
    throw error;
  });
}
