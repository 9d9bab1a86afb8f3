import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { definitionJsonSchema, referenceTables } from '../../../builder/definition/json-schema.ts';
import { packageRoot } from '../../../builder/kit/paths.ts';
import { compileSchema } from '../../../builder/kit/schema.ts';

const BEGIN = '<!-- reference: begin -->\n\n';
const END = '\n\n<!-- reference: end -->';

describe('the JSON Schema for editors', () => {
  it('is plain draft-07 that takes the fixture and refuses a slip', async () => {
    const validate = compileSchema(JSON.parse(JSON.stringify(definitionJsonSchema())) as object);
    const good = parse(await readFile(new URL('../../fixtures/definitions/whole/image.yaml', import.meta.url), 'utf8')) as object;
    expect(validate(good)).toEqual([]);
    expect(validate({ ...good, foramts: [] })).toHaveLength(1);
  });
});

describe('images/README.md', () => {
  it('has the reference of the schema as it is', async () => {
    const file = join(packageRoot(), 'images', 'README.md');
    const text = await readFile(file, 'utf8');
    const from = text.indexOf(BEGIN) + BEGIN.length;
    const to = text.indexOf(END);
    expect(to).toBeGreaterThan(from);
    // To renew it: UNITSMITH_WRITE_REFERENCE=1 npx vitest run --project fast test/unit/definition/json-schema
    if (process.env['UNITSMITH_WRITE_REFERENCE'] !== undefined)
      await writeFile(file, text.slice(0, from) + referenceTables() + text.slice(to));
    else expect(compact(text.slice(from, to))).toBe(compact(referenceTables()));
  });

  it('shows every member with its default and choices', () => {
    const tables = referenceTables();
    expect(tables).toContain('| `kernel` | `generic`, `cloud` | `cloud` is smaller and lacks e1000 and LSI Logic. Default: `generic`. |');
    expect(tables).toContain('| `services.NAME.ready` \\* | a probe | One of: tcp, http, command, unit. |');
    expect(tables).toContain('| pypi: `requirements` \\* | text |');
    expect(tables).toContain('| secret: `length` | whole number | Characters. Default: `32`. |');
  });
});

/** Without the padding that the formatter gives to tables. */
function compact(markdown: string): string {
  return markdown.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
}
