/** The product answers: its smoke probes and acceptance requests, on a unit that was set up. */
import { type Check, type Finding, problem } from '../check.ts';

interface ProbeResult {
  title: string;
  passed: boolean;
  message: string;
  seconds: number;
}

const SETS = ['smoke', 'acceptance'] as const;

export const probes: Check = {
  id: 'probes',
  title: 'Smoke and acceptance probes pass',
  applies: ({ finalised }) => finalised,
  async run({ machine }) {
    const findings: Omit<Finding, 'rule'>[] = [];
    const facts: Record<string, unknown> = {};
    for (const set of SETS) {
      const { stdout, stderr } = await machine.ssh(['unitctl', 'probe', set, '--json'], { timeout: machine.deadline(600).seconds });
      const results = parseResults(stdout);
      if (results === undefined)
        findings.push(problem(`unitctl could not ask the ${set} probes: ${(stderr || stdout).trim().slice(-300)}`));
      for (const { title, passed, message } of results ?? [])
        if (!passed) findings.push(problem(`${set} probe did not pass: ${title}`, { excerpt: [message] }));
      facts[set] = results;
    }
    return { findings, facts };
  },
};

/** The result event of `unitctl probe --json`; undefined where it never came. */
export function parseResults(stdout: string): ProbeResult[] | undefined {
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('{')) continue;
    const event = JSON.parse(line) as { type?: string; data?: { results?: ProbeResult[] } };
    if (event.type === 'result') return event.data?.results;
  }
  return undefined;
}
