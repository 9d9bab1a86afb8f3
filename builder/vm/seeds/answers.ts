/** An answers file as datasources carry it to a unit. */
import { UNIT_PATHS } from '../../../firstboot/contract/unit.ts';

/**
 * User-data that lets cloud-init put the answers where the unit looks for them. In base64: text would go through YAML, which
 * takes more for a line's end than a newline.
 */
export function answersUserData(answers: Uint8Array): string {
  const file = { path: UNIT_PATHS.cloudInitAnswers, permissions: '0600', encoding: 'b64', content: base64(answers) };
  // JSON is YAML, and quotes every string.
  return `#cloud-config\n${JSON.stringify({ write_files: [file] }, null, 2)}\n`;
}

/** On one line, as the property of an OVF environment wants it. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
