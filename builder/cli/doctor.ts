/** `unitsmith doctor`: what this machine lacks, and the exact command that installs it. */

import { loadImage } from '../definition/load.ts';
import { type Finding, remediesOf } from '../doctor/check.ts';
import { CHECKS } from '../doctor/checks/index.ts';
import { kindChecks } from '../doctor/checks/kinds.ts';
import { examine, missingPackages } from '../doctor/examine.ts';
import { installPackages } from '../doctor/fix.ts';
import { toProblem } from '../doctor/preflight.ts';
import { ExitCode } from '../kit/errors.ts';
import { kindsOf } from '../sources/artifact.ts';
import type { Cli, Session } from './cli.ts';

const HELP = `
Examples:
  unitsmith doctor               what this machine lacks for baking
  unitsmith doctor sphere        the same, and what the artifacts of this image need
  unitsmith doctor --fix         installs the Debian packages that are missing (by sudo, if you are not root)
  unitsmith doctor --json        the same as events, for programs

Packer: Debian 12 has a package of it (1.6.6, which is all that is needed). Debian 13 has none: download it from
https://developer.hashicorp.com/packer/install, put the program into /usr/local/bin, and run once
"packer plugins install github.com/hashicorp/qemu".

Exit code: 0 nothing is missing, 4 something is.`;

export function register(cli: Cli): void {
  cli.program
    .command('doctor [image...]')
    .description('check what this machine lacks for baking, or for baking these images, and how to get it')
    .option('--fix', 'install the Debian packages that are missing')
    .addHelpText('after', HELP)
    .action(
      cli.run('doctor', async (session: Session, images: string[], options: { fix?: boolean }) =>
        doctor(session, images, options.fix === true),
      ),
    );
}

async function doctor(session: Session, images: readonly string[], fix: boolean): Promise<ExitCode> {
  const { ctx } = session;
  const checks = [...new Set([...CHECKS, ...kindChecks(await artifactKinds(images, session))])];
  let findings = await examine(ctx, checks);
  const packages = missingPackages(findings);
  if (fix && packages.length > 0) {
    ctx.events.info(`installing ${packages.join(' ')}`);
    await installPackages(ctx, packages);
    findings = await examine(ctx, checks);
  }
  for (const finding of findings) {
    ctx.events.emit({ type: 'finding', rule: finding.check.name, severity: finding.severity, problem: toProblem(finding) });
  }
  const broken = findings.some(({ severity }) => severity === 'error');
  session.print(summary(findings, checks.length));
  ctx.events.emit({
    type: 'result',
    command: 'doctor',
    data: { ready: !broken, packages: missingPackages(findings), findings: findings.map(toData) },
  });
  return broken ? ExitCode.host : ExitCode.ok;
}

async function artifactKinds(images: readonly string[], { ctx }: Session): Promise<string[]> {
  const kinds: string[] = [];
  for (const name of images) {
    const { definition } = await loadImage(name, ctx);
    kinds.push(...kindsOf(definition.artifacts));
  }
  return kinds;
}

function toData(finding: Finding): object {
  return { check: finding.check.name, severity: finding.severity, message: finding.message, remedies: remediesOf(finding) };
}

/** Exported for its test. */
export function summary(findings: readonly Finding[], checks: number): string {
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return `This machine has all that baking needs (${checks} checks).`;
  const packages = missingPackages(errors);
  const install = packages.length === 0 ? [] : ['', 'Install what is missing:', `  sudo apt-get install ${packages.join(' ')}`];
  const others = errors.flatMap((finding) => finding.remedies ?? []);
  const rest = others.length === 0 ? [] : ['', 'And:', ...[...new Set(others)].map((remedy) => `  ${remedy}`)];
  return [`This machine lacks ${errors.length} of ${checks} things that baking needs.`, ...install, ...rest].join('\n');
}
