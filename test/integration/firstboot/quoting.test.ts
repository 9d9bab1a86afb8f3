import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';

import { QUOTES, Unquotable } from '../../../firstboot/apply/template/quote.ts';
import { renderTemplate } from '../../../firstboot/apply/template/render.ts';
import type { TemplateFormat } from '../../../firstboot/contract/step.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unit-quoting-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What breaks naive quoting, mixed with anything. */
const nasty = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc
    .array(
      fc.constantFrom(
        ...'\'"`$%\\{}<>&;#=:!|/ \t\n\réя値😀',
        "'''",
        '"""',
        '$(id)',
        '${HOME}',
        '{{x}}',
        ']]>',
        '--',
        '\u2028',
        '\u0085',
        '\ufeff',
      ),
      {
        maxLength: 24,
      },
    )
    .map((parts) => parts.join('')),
);

/** Values that the format takes; those that it refuses are the other tests' concern. */
function quotable(format: TemplateFormat): fc.Arbitrary<string[]> {
  const fits = (value: string): boolean => {
    try {
      QUOTES[format](value, '');
      return true;
    } catch (error) {
      if (error instanceof Unquotable || error instanceof RangeError) return false;
      throw error;
    }
  };
  return fc.array(nasty.filter(fits), { minLength: 30, maxLength: 60 });
}

function render(format: TemplateFormat, template: string, values: string[]): string {
  return renderTemplate(template, format, { settings: { values }, secrets: {}, unit: {} }, 'test');
}

function python(script: string, file: string): unknown {
  return JSON.parse(execFileSync('python3', ['-c', `import sys, json\n${script}`, file], { encoding: 'utf8', maxBuffer: 1 << 26 }));
}

function holds(format: TemplateFormat, template: string, read: (file: string, values: string[]) => unknown): void {
  let runs = 0;
  fc.assert(
    fc.property(quotable(format), (values) => {
      runs += 1;
      const file = join(folder, `${format}-${runs}`);
      writeFileSync(file, render(format, template, values));
      expect(read(file, values)).toEqual(values);
    }),
    { numRuns: 4 },
  );
}

describe('values arrive unchanged', () => {
  test('json, by JSON.parse', () => {
    fc.assert(
      fc.property(quotable('json'), (values) => {
        expect(JSON.parse(render('json', '{"a": {{settings.values}} }', values))).toEqual({ a: values });
      }),
    );
  });

  test('yaml, by the yaml package and by PyYAML', () => {
    const template = '{{#each settings.values}}- {{this}}\n{{/each}}';
    fc.assert(
      fc.property(quotable('yaml'), (values) => {
        expect(parseYaml(render('yaml', template, values))).toEqual(values);
      }),
    );
    holds('yaml', template, (file) =>
      python('import yaml\nprint(json.dumps(yaml.safe_load(open(sys.argv[1], encoding="utf-8", newline=""))))', file),
    );
  });

  test('python, by ast', () => {
    holds('python', 'x = [\n{{#each settings.values}}  {{this}},\n{{/each}}]\n', (file) =>
      python('import ast\nt = ast.parse(open(sys.argv[1], "rb").read())\nprint(json.dumps(ast.literal_eval(t.body[0].value)))', file),
    );
  });

  test('ini, by configparser with its interpolation', () => {
    holds('ini', '[s]\n{{#each settings.values}}k{{@index}} = {{this}}\n{{/each}}', (file) =>
      python(
        'import configparser\nc = configparser.ConfigParser()\nc.read_file(open(sys.argv[1], encoding="utf-8", newline=""))\nprint(json.dumps([c["s"]["k%d" % i] for i in range(len(c["s"]))]))',
        file,
      ),
    );
  });

  test('ini, by configparser set up as supervisor has it', () => {
    holds('ini', '[s]\n{{#each settings.values}}k{{@index}}={{this}}\n{{/each}}', (file) =>
      python(
        'import configparser\nc = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)\nc.read_file(open(sys.argv[1], encoding="utf-8", newline=""))\nprint(json.dumps([c["s"]["k%d" % i].replace("%%", "%") for i in range(len(c["s"]))]))',
        file,
      ),
    );
  });

  test('shell, by bash', () => {
    holds('shell', 'v=(\n{{#each settings.values}}{{this}}\n{{/each}})\n', (file, values) => {
      const out = execFileSync('bash', ['-c', 'source "$1"; [[ ${#v[@]} -gt 0 ]] && printf "%s\\0" "${v[@]}"', 'bash', file], {
        encoding: 'utf8',
      });
      return values.length === 0 ? [] : out.split('\0').slice(0, -1);
    });
  });

  test('xml, content and attributes, by expat', () => {
    holds('xml', '<?xml version="1.0"?><r>{{#each settings.values}}<v a="{{this}}">{{this}}</v>{{/each}}</r>', (file) =>
      python(
        'import xml.etree.ElementTree as E\nr = E.parse(sys.argv[1]).getroot()\nassert all((v.text or "") == v.get("a") for v in r)\nprint(json.dumps([v.get("a") for v in r]))',
        file,
      ),
    );
  });

  test('xml is well-formed for libxml2 too', () => {
    fc.assert(
      fc.property(quotable('xml'), (values) => {
        const file = join(folder, 'libxml2');
        writeFileSync(file, render('xml', '<r>{{#each settings.values}}<v a="{{this}}"/>{{/each}}</r>', values));
        execFileSync('xmllint', ['--noout', '--nonet', file]);
      }),
      { numRuns: 4 },
    );
  });

  const java = hasProgram('java');
  test.skipIf(!java)('properties, by java.util.Properties (needs a JDK)', () => {
    writeFileSync(
      join(folder, 'Read.java'),
      `import java.util.*; import java.io.*; class Read { public static void main(String[] a) throws Exception {
        Properties p = new Properties(); p.load(new FileInputStream(a[0])); StringBuilder b = new StringBuilder();
        for (int i = 0; i < p.size(); i++) for (char c : (p.getProperty("k" + i) + "\\0").toCharArray()) b.append(String.format("%04x", (int) c));
        System.out.print(b); } }`,
    );
    let runs = 0;
    fc.assert(
      fc.property(quotable('properties'), (given) => {
        const values = given.filter((value) => !value.includes('\0'));
        runs += 1;
        const file = join(folder, `properties-${runs}`);
        writeFileSync(file, render('properties', '{{#each settings.values}}k{{@index}} = {{this}}\n{{/each}}', values));
        const hex = execFileSync('java', [join(folder, 'Read.java'), file], { encoding: 'utf8' });
        const text = (hex.match(/.{4}/g) ?? []).map((unit) => String.fromCharCode(Number.parseInt(unit, 16))).join('');
        expect(text.split('\0').slice(0, -1)).toEqual(values);
      }),
      { numRuns: 3 },
    );
  });

  const nginx = ['/usr/sbin/nginx'].find(existsSync);
  test.skipIf(nginx === undefined)('nginx, by nginx itself (needs nginx)', async () => {
    const sample = fc
      .sample(quotable('nginx'), 3)
      .flat()
      .filter((value) => value !== '');
    const socket = join(folder, 'n.sock');
    const locations = '{{#each settings.values}}location = /{{{@index}}} { return 200 {{this}}; }\n{{/each}}';
    const config = `daemon off; master_process off; pid ${folder}/n.pid; error_log stderr; worker_processes 1;
      events {} http { access_log off; server { listen unix:${socket}; ${render('nginx', locations, sample)} } }`;
    writeFileSync(join(folder, 'nginx.conf'), config);
    const server = spawn(nginx as string, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
    try {
      await expect.poll(() => existsSync(socket) || server.exitCode !== null, { timeout: 10_000 }).toBe(true);
      const urls = sample.flatMap((_, index) => [`http://localhost/${index}`, '-o', join(folder, `n-${index}`)]);
      execFileSync('curl', ['--silent', '--unix-socket', socket, ...urls]);
      const read = sample.map((_, index) => execFileSync('cat', [join(folder, `n-${index}`)], { encoding: 'utf8' }));
      expect(read).toEqual(sample);
    } finally {
      server.kill();
    }
  });
});

function hasProgram(name: string): boolean {
  try {
    execFileSync(name, ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
