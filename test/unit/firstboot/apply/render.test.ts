import { describe, expect, test } from 'vitest';

import { renderTemplate, templateReads } from '../../../../firstboot/apply/template/render.ts';

const context = {
  settings: { product: { title: 'A "shop"', on: true, hosts: ['a b', 'c'] } },
  secrets: { 'db-pass': 'p@ss/w:d' },
  unit: { name: 'shop' },
};
const render = (text: string, format: 'json' | 'text' | 'shell' | 'systemd' | 'python' = 'text'): string =>
  renderTemplate(text, format, context, 'x.conf');

describe('templates', () => {
  test.each([
    ['{{unit.name}}: {{settings.product.title}}', 'shop: A "shop"'],
    ['{{#if settings.product.on}}on{{else}}off{{/if}}', 'on'],
    ['{{#if settings.product.none}}on{{else}}off{{/if}}', 'off'],
    ['{{#each settings.product.hosts}}{{@index}}={{this}};{{/each}}', '0=a b;1=c;'],
    ['{{join settings.product.hosts ", "}}', 'a b, c'],
    ['{{default settings.product.none "x"}}', 'x'],
    ['{{#if (eq unit.name "shop")}}y{{/if}}', 'y'],
    ['&lt; {{{settings.product.title}}}', '&lt; A "shop"'],
  ])('%s', (text, result) => expect(render(text)).toBe(result));

  test('two braces write a literal, three the bare text', () => {
    expect(render('a={{settings.product.title}} b="{{{unit.name}}}"', 'json')).toBe('a="A \\"shop\\"" b="shop"');
  });

  test('a helper call is one literal', () => {
    expect(render('U = {{concat "postgresql://u:" (urlencode secrets.db-pass) "@localhost/d"}}', 'python')).toBe(
      "U = 'postgresql://u:p%40ss%2Fw%3Ad@localhost/d'",
    );
  });

  test('the place decides in systemd units, continued lines too', () => {
    const money = { ...context, unit: { name: '$x' } };
    const text = 'Environment=A={{unit.name}}\nExecStart=/bin/a \\\n  {{unit.name}}\n';
    expect(renderTemplate(text, 'systemd', money, 'x')).toBe('Environment=A="$x"\nExecStart=/bin/a \\\n  "$$x"\n');
  });

  test.each([
    ['a\n{{settings.product.none}}', /x\.conf: line 2: settings\.product\.none: there is no value/],
    ['{{concat "a" settings.product.none}}', /there is no value/],
    ['{{secrets.other}}', /secrets\.other/],
    ['{{#if}}', /x\.conf: Parse error/],
    ['{{settings.constructor.name}}', /there is no value/],
    ['{{settings.product}}', /list or an object/],
  ])('%s is an error with its place', (text, message) => expect(() => render(text)).toThrow(message));

  test('one rendering does not change the next', () => {
    expect(render('{{settings.product.title}}', 'shell')).toBe(`'A "shop"'`);
    expect(render('{{settings.product.title}}', 'text')).toBe('A "shop"');
  });

  test('what a template reads', () => {
    expect(templateReads('{{#if settings.mail.host}}{{concat "a" secrets.db-pass}}{{/if}}{{#each unit.title}}{{this}}{{/each}}')).toEqual([
      'secrets.db-pass',
      'settings.mail.host',
      'unit.title',
    ]);
  });
});
