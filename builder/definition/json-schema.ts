/** What is generated from the definition's schema: a JSON Schema for editors, and the reference table of images/README.md. */
import { Probe } from '../../firstboot/contract/probe.ts';
import { Step } from '../../firstboot/contract/step.ts';
import { Artifact } from '../sources/artifact.ts';
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
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...plain(ImageDefinition) };
}

interface Row {
  member: string;
  kind: string;
  text: string;
}

/** The reference in Markdown: a table of all members, and one for each union. Texts by language count as one member. */
export function referenceTables(): string {
  return [
    table(rowsOf(plain(ImageDefinition), '')),
    '### Artifacts',
    'By `kind`; each is held to its hash in `lock.json`.',
    table(branches(plain(Artifact), 'kind')),
    '### Steps',
    'By `use`; each also has an `id` and a `title`. The members stand below `with`.',
    table(branches(plain(Step), 'use')),
    '### Probes',
    'One of these four, by its first member.',
    table((plain(Probe).anyOf ?? []).flatMap((branch) => rowsOf(branch, ''))),
  ].join('\n\n');
}

function plain(schema: object): Node {
  return JSON.parse(JSON.stringify(schema)) as Node;
}

function table(rows: readonly Row[]): string {
  return [
    '| member | value | what it is |',
    '| --- | --- | --- |',
    ...rows.map(({ member, kind, text }) => `| ${cell(member)} | ${cell(kind)} | ${cell(text)} |`),
  ].join('\n');
}

function rowsOf(node: Node, prefix: string): Row[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, member]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [rowOf(`\`${path}\``, member, node.required?.includes(name) === true), ...below(member, path)];
  });
}

function rowOf(member: string, node: Node, required: boolean): Row {
  const standard = node.default === undefined ? '' : `Default: \`${String(node.default)}\`.`;
  const text = [sentence(node.description), standard].filter((part) => part !== '').join(' ');
  return { member: `${member}${required ? ' \\*' : ''}`, kind: kindOf(node), text };
}

/** Members of a group, of the entries of a list, of a group with names of the author's own. Unions have their own tables. */
function below(node: Node, path: string): Row[] {
  if (isTexts(node)) return [];
  const [item] = Object.values(node.patternProperties ?? {});
  if (item?.properties !== undefined) return rowsOf(item, `${path}.NAME`);
  if (node.items !== undefined) return rowsOf(node.items, `${path}[]`);
  return rowsOf(node, path);
}

function branches(union: Node, tag: string): Row[] {
  return (union.anyOf ?? []).flatMap((branch) => {
    const value = String(branch.properties?.[tag]?.const);
    const parameters = branch.properties?.['with'] ?? branch;
    const members = Object.entries(parameters.properties ?? {}).filter(([name]) => name !== tag);
    return members.map(([name, member]) => rowOf(`${value}: \`${name}\``, member, parameters.required?.includes(name) === true));
  });
}

function kindOf(node: Node): string {
  if (isTexts(node)) return 'text by language';
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.anyOf !== undefined) return node.anyOf.some((branch) => branch.properties?.['tcp'] !== undefined) ? 'a probe' : 'group';
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
