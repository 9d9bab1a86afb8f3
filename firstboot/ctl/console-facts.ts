import { hostname } from 'node:os';

import { CLONE_MARK, SETUP_PATHS } from '../contract/setup.ts';
import type { EveryText } from '../contract/texts.ts';
import { type Problem, problemLine } from '../kit/errors.ts';
import type { System } from '../kit/system.ts';
import { pressingWarnings } from '../sections/certificate/state.ts';
import { ownAddresses } from '../setup/addresses.ts';
import { fingerprint } from '../setup/certificate.ts';
import { currentCode } from '../setup/claim-code.ts';
import { exists, setupIsOpen } from '../setup/state.ts';
import { productUrls } from '../setup/urls.ts';
import { readRefused } from '../sources/refused.ts';
import { consoleText } from './console-text.ts';
import { readAppliedUnit } from './definition.ts';
import { readState } from './state.ts';

/** The code is made here where there is none yet: it is born with the first console that shows it. */
export async function readConsoleText(system: System): Promise<string> {
  const unit = await readAppliedUnit(system);
  const notes: string[] = [];
  const code = await currentCode(system, (line) => notes.push(line));
  const clone = await exists(system, CLONE_MARK);
  if (clone) notes.push('This machine is a copy of another: it has the same keys and identity. `unitctl new-identity` gives it its own.');
  const { state, finalised, failure } = await readState(system, unit);
  notes.push(...(finalised ? certificateNote(await pressingWarnings(system)) : refusedNote(await readRefused(system))));
  return consoleText({
    title: unit.title,
    version: unit.version,
    hostName: hostname(),
    addresses: ownAddresses(),
    state: state === 'failed' && failure === undefined && (await isStarting(system)) ? 'starting' : state,
    setupOpen: await setupIsOpen(system),
    portsPassed: finalised || (await exists(system, SETUP_PATHS.portsPassed)),
    code,
    fingerprint: await fingerprint(system),
    ...(failure === undefined ? {} : { failure }),
    urls: finalised ? await productUrls(system, unit) : [],
    notes,
  });
}

/** True until the boot has come to its end (systemctl(1), is-system-running). */
async function isStarting(system: System): Promise<boolean> {
  const { stdout } = await system.run('systemctl', ['is-system-running'], { okExitCodes: [0, 1] });
  return ['initializing', 'starting'].includes(stdout);
}

function certificateNote(warnings: readonly EveryText[]): string[] {
  return warnings.length === 0 ? [] : [`Certificate: ${warnings.map(({ en }) => en).join(' ')} \`unitctl cert show\` says more.`];
}

/** The first of them: a screen has few lines. */
function refusedNote([first, ...others]: readonly Problem[]): string[] {
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : ` And ${others.length} more: see the setup page, or the log in the menu.`;
  return [`Answers from outside do not fit, nothing was kept of them: ${problemLine(first)}${more}`];
}
