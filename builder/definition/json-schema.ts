/** What is generated from the definition's schema: a JSON Schema for editors, and the reference table of images/README.md. */
import { ImageDefinition } from './definition.ts';

interface Node {
  type?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  properties?: Record<string, Node>;
  patternProperties?: Record<string, Node>;
  required?: string[];
  items?: Node;
  anyOf?: Node[];
}

/** Draft-07 JSON Schema of image.yaml, as plain data. */
export function definitionJsonSchema(): Record<string, unknown> {
  const plain = JSON.parse(JSON.stringify(ImageDefinition)) as Record<string, unknown>;
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...plain };
}

interface Row {
  path: string;
  kind: string;
  required: boolean;
  text: string;
}

/** The reference table in Markdown: one row a member, texts by language as one. */
export function referenceTable(): string {
  const rows = rowsOf(definitionJsonSchema() as Node, '');
  return [
    '| member | what | |',
    '|---|---|---|',
    ...rows.map(({ path, kind, required, text }) => `| \`${path}\`${required ? ' *' : ''} | ${cell(kind)} | ${cell(text)} |`),
  ].join('\n');
}

function rowsOf(node: Node, prefix: string): Row[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, member]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [rowOf(path, member, node.required?.includes(name) === true), ...below(member, path)];
  });
}

function rowOf(path: string, node: Node, required: boolean): Row {
  const standard = node.default === undefined ? '' : `Default: \`${String(node.default)}\`.`;
  const text = [sentence(node.description), standard].filter((part) => part !== '').join(' ');
  return { path, kind: kindOf(node), required, text };
}

function below(node: Node, path: string): Row[] {
  if (isTexts(node)) return [];
  const [item] = Object.values(node.patternProperties ?? {});
  if (item !== undefined) return named(item, `${path}.NAME`);
  if (node.items !== undefined) return named(node.items, `${path}[]`);
  return named(node, path);
}

/** A union's branches stand one after the other, each under the value or member that tells it from the others. */
function named(node: Node, path: string): Row[] {
  if (node.anyOf === undefined) return rowsOf(node, path);
  return node.anyOf.flatMap((branch) => {
    const fixed = Object.entries(branch.properties ?? {}).find(([, member]) => member.const !== undefined);
    if (fixed === undefined) return rowsOf(branch, path);
    const [name, member] = fixed;
    const { [name]: _, id: _id, title: _title, ...properties } = branch.properties ?? {};
    return rowsOf({ ...branch, properties }, `${path} (${name}: ${String(member.const)})`);
  });
}

function kindOf(node: Node): string {
  if (isTexts(node)) return 'text by language';
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.anyOf !== undefined) return 'group';
  if (node.type === 'array') return node.items?.type === 'string' ? 'list of texts' : 'list';
  return (
    { string: 'text', integer: 'whole number', number: 'number', boolean: '`true`, `false`', object: 'group' }[node.type ?? ''] ?? 'any'
  );
}

function isTexts(node: Node): boolean {
  return node.properties?.['en'] !== undefined;
}

function sentence(text: string | undefined): string {
  if (text === undefined) return '';
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
