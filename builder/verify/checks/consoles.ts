/** There is a console to log in at: on the screen (a framebuffer under UEFI, which has no text mode) and on the serial port. */
import { UserError } from '../../kit/errors.ts';
import { always, type Check, type CheckResult, passed, problem } from '../check.ts';

export const consoles: Check = {
  id: 'consoles',
  title: 'Screen and serial console work',
  applies: always,
  async run({ machine, scenario }) {
    const active = (await machine.output('cat /sys/class/tty/console/active')).trim().split(' ');
    const { stdout: bound } = await machine.ssh(
      'for v in /sys/class/vtconsole/*; do [ "$(cat "$v/bind")" = 1 ] && cat "$v/name"; done; true',
    );
    let prompt = true;
    try {
      await machine.waitForSerial(/login:/, machine.deadline(30));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      prompt = false;
    }
    return judge({ active, bound: bound.trim().split('\n'), prompt, uefi: scenario.firmware === 'uefi' });
  },
};

export function judge(seen: { active: readonly string[]; bound: readonly string[]; prompt: boolean; uefi: boolean }): CheckResult {
  const findings = [];
  if (!seen.active.includes('tty0'))
    findings.push(problem('the kernel has no console on the screen', { suggestion: 'Boot it with console=tty0.' }));
  if (!seen.active.some((name) => name.startsWith('ttyS'))) {
    findings.push(problem('the kernel has no serial console', { suggestion: 'Boot it with console=ttyS0.' }));
  }
  if (seen.uefi && !seen.bound.some((name) => name.includes('frame buffer'))) {
    findings.push(
      problem('the screen stays dark under UEFI: no framebuffer console', { suggestion: 'The kernel needs a DRM or framebuffer driver.' }),
    );
  }
  if (!seen.prompt) findings.push(problem('no login prompt on the serial console'));
  const facts = { active: seen.active, bound: seen.bound };
  return findings.length === 0 ? passed(facts) : { findings, facts };
}
