/** An answers file as datasources carry it to a unit. */
import { ANSWERS_LABELS, UNIT_PATHS } from '../../../firstboot/contract/unit.ts';
import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { makeIso } from './iso.ts';

/**
 * User-data that lets cloud-init put the answers where the unit looks for them. In base64: text would go through YAML, which
 * takes more for a line's end than a newline.
 */
export function answersUserData(answers: Uint8Array): string {
  const file = { path: UNIT_PATHS.cloudInitAnswers, permissions: '0600', encoding: 'b64', content: base64(answers) };
  // JSON is YAML, and quotes every string.
  return `#cloud-config\n${JSON.stringify({ write_files: [file] }, null, 2)}\n`;
}

/** On a CD of its own, with the label that units look for. */
export async function answersIso(ctx: Context, answers: Uint8Array, cleanup: Cleanup): Promise<string> {
  return await makeIso(ctx, ANSWERS_LABELS[0], { 'answers.yaml': answers }, cleanup);
}

/** On one line, as the property of an OVF environment wants it. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
