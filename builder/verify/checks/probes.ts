/** The product answers: its smoke probes and acceptance requests, on a unit that was set up. */
import { type Check, type Finding, problem } from '../check.ts';
import { probeUnit } from '../unitctl.ts';

const SETS = ['smoke', 'acceptance'] as const;

export const probes: Check = {
  id: 'probes',
  title: 'Smoke and acceptance probes pass',
  again: true,
  applies: ({ finalised }) => finalised,
  async run({ machine }) {
    const findings: Omit<Finding, 'rule'>[] = [];
    const facts: Record<string, unknown> = {};
    for (const set of SETS) {
      const results = await probeUnit(machine, set);
      for (const { title, passed, message } of results)
        if (!passed) findings.push(problem(`${set} probe did not pass: ${title}`, { excerpt: [message] }));
      facts[set] = results;
    }
    return { findings, facts };
  },
};
