/** No systemd unit failed, and the boot came to its end. */
import { always, type Check, passed, problem } from '../check.ts';

const JOURNAL_LINES = 15;

export const units: Check = {
  id: 'units',
  title: 'No systemd unit failed',
  again: true,
  applies: always,
  async run({ machine, state }) {
    const listing = await machine.output(['systemctl', 'list-units', '--failed', '--plain', '--no-legend', '--no-pager']);
    const failed = failedUnits(listing);
    const findings = [];
    for (const unit of failed) {
      const { stdout } = await machine.ssh(['journalctl', '--boot', '--no-pager', '--lines', String(JOURNAL_LINES), '--unit', unit]);
      findings.push(problem(`${unit} failed`, { excerpt: stdout.trim().split('\n') }));
    }
    if (failed.length === 0 && state !== 'running') findings.push(problem(`the boot did not come to its end: systemd says \`${state}\``));
    return findings.length === 0 ? passed({ state }) : { findings, facts: { state, failed } };
  },
};

/** First column of `systemctl list-units --plain --no-legend`. */
export function failedUnits(listing: string): string[] {
  return listing
    .split('\n')
    .map((line) => line.trim().split(/\s+/)[0] ?? '')
    .filter((unit) => unit !== '');
}
