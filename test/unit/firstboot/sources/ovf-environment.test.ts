import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ovfEnvironment } from '../../../../builder/vm/seeds/ovf-environment.ts';
import { UnitError } from '../../../../firstboot/kit/errors.ts';
import { MAX_DOCUMENT_BYTES, parseOvfEnvironment } from '../../../../firstboot/sources/ovf-document.ts';
import { fromText, readDocument } from '../../../../firstboot/sources/ovf-environment.ts';
import { runs } from '../../../helpers/runs.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    title: { type: 'string', 'x-ovf': true },
    workers: { type: 'integer', 'x-ovf': true },
    ratio: { type: 'number', 'x-ovf': true },
    loud: { type: 'boolean', 'x-ovf': true },
    hidden: { type: 'string' },
  },
};

/** What XML 1.0 can carry (production 2), with what careless readers break more often than chance gives. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '&',
        '<',
        '>',
        '"',
        "'",
        '$',
        '%',
        '\n',
        '\r\n',
        '\t',
        ' ',
        '\\',
        '`',
        '&amp;',
        ']]>',
        '\u2028',
        '\ufffd',
        '\u0085',
        '🙂',
        'ё',
        '設',
      ),
      fc.string({ unit: 'grapheme-composite' }),
    ),
  )
  .map((parts) => parts.join(''))
  .filter((value) => !/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u.test(value));

const read = (properties: Record<string, string>) => readDocument(ovfEnvironment(properties), 'env', SCHEMA);
const base64 = (answers: string): string => Buffer.from(answers).toString('base64');

describe('an OVF environment', () => {
  test('carries every value unchanged', () => {
    fc.assert(
      fc.property(fc.dictionary(text, text), (properties) => {
        expect(Object.fromEntries(parseOvfEnvironment(ovfEnvironment(properties)))).toEqual({ ...properties });
      }),
      runs(500),
    );
  });

  test('is read to answers as they were meant, or to nothing where a field is empty', () => {
    fc.assert(
      fc.property(text, text, (title, password) => {
        const { layers, problems } = read({ 'unit.product.title': title, 'unit.administrator.password': password, hostname: 'x' });
        expect(problems).toEqual([]);
        const product = title === '' ? {} : { product: { title } };
        const administrator = password === '' ? {} : { administrator: { password } };
        expect(layers.map(({ answers }) => answers)).toEqual(
          title === '' && password === '' ? [] : [{ schemaVersion: 1, ...product, ...administrator }],
        );
      }),
      runs(500),
    );
  });

  test('whatever the text, reading ends with properties or a refusal', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1">',
        '<PropertySection>',
        '<Property ',
        'oe:key="',
        '"',
        '/>',
      ),
      fc.constantFrom(
        '<!DOCTYPE a [',
        '<!ENTITY e "x">',
        ']>',
        '&e;',
        '<![CDATA[',
        ']]>',
        '<?',
        '?>',
        '<!--',
        '-->',
        '</Environment>',
        '&#x0;',
      ),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (document) => {
          try {
            parseOvfEnvironment(document);
          } catch (error) {
            expect(error).toBeInstanceOf(UnitError);
          }
        },
      ),
      runs(1000),
    );
  });

  test('as VMware writes it: other namespaces, and the properties of other machines', () => {
    const document = `<?xml version="1.0" encoding="UTF-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:oe="http://schemas.dmtf.org/ovf/environment/1"
    xmlns:ve="http://www.vmware.com/schema/ovfenv" oe:id="" ve:vCenterId="vm-42">
  <PlatformSection><Kind>VMware ESXi</Kind></PlatformSection>
  <PropertySection><Property oe:key="unit.domain.name" oe:value="a.example.org"/></PropertySection>
  <ve:EthernetAdapterSection><ve:Adapter ve:mac="00:50:56:00:00:01" ve:network="VM Network"/></ve:EthernetAdapterSection>
  <Entity oe:id="other"><PropertySection><Property oe:key="unit.domain.name" oe:value="b.example.org"/></PropertySection></Entity>
</Environment>`;
    expect([...parseOvfEnvironment(document)]).toEqual([['unit.domain.name', 'a.example.org']]);
  });

  const ROOT = '<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1">';
  test.each([
    ['entities', `<!DOCTYPE Environment [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${ROOT}</Environment>`, /document type declaration/],
    ['a file of this machine', `<!DOCTYPE Environment SYSTEM "file:///etc/shadow">${ROOT}</Environment>`, /document type declaration/],
    ['an entity that is none', `${ROOT}<PropertySection><Property key="&x;"/></PropertySection></Environment>`, /not well-formed/],
    ['half of it', `${ROOT}<PropertySection>`, /not well-formed/],
    ['nothing', '', /not well-formed/],
    ['something else', '<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>', /not an Environment/],
    ['too much', `${ROOT}${' '.repeat(MAX_DOCUMENT_BYTES)}</Environment>`, /larger than/],
  ])('with %s is refused', (_what, document, message) => {
    expect(() => parseOvfEnvironment(document)).toThrow(message);
    const { layers, problems } = readDocument(document, 'env', SCHEMA);
    expect(layers).toEqual([]);
    expect(problems).toEqual([{ file: 'env', message: expect.stringMatching(message) as string }]);
  });

  test('twelve properties of full length are not too much', () => {
    const properties = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`k${index}`, 'x'.repeat(65_535)]));
    expect(parseOvfEnvironment(ovfEnvironment(properties)).size).toBe(12);
  });
});

describe('properties', () => {
  test.each([
    ['5', { type: 'integer' }, 5],
    ['5.5', { type: 'integer' }, '5.5'],
    ['1e3', { type: 'integer' }, '1e3'],
    ['99999999999999999999', { type: 'integer' }, '99999999999999999999'],
    ['0x10', { type: 'integer' }, '0x10'],
    ['2.50', { type: 'number' }, 2.5],
    ['True', { type: 'boolean' }, true],
    ['false', { type: 'boolean' }, false],
    ['yes', { type: 'boolean' }, 'yes'],
    ['5', { type: 'string' }, '5'],
    ['true', {}, 'true'],
    ['2', { enum: [1, 2] }, 2],
    ['on', { enum: ['on', 'off'] }, 'on'],
    ['7', { type: ['integer', 'null'] }, 7],
  ])('%j by %j is %j', (value, schema, expected) => expect(fromText(value, schema)).toBe(expected));

  test('that are no settings of ours, but look so, are told with what was meant', () => {
    const { layers, problems } = read({ 'unit.domain.nam': 'x', 'unit.product.hidden': 'x', 'unit.product.gone': '', 'vendor.x': 'x' });
    expect(layers).toEqual([]);
    expect(problems.map(({ message }) => message)).toEqual([
      'there is no property unit.domain.nam',
      'there is no property unit.product.hidden',
    ]);
    expect(problems[0]?.suggestion).toBe('Did you mean "unit.domain.name"?');
  });

  test('are the place of what is wrong with them', () => {
    const [layer] = read({ 'unit.product.workers': 'many' }).layers;
    const locate = (path: string) => layer?.locate({ path, message: 'is wrong', keyword: 'type' }).file;
    expect(locate('/product/workers')).toBe('env, property unit.product.workers');
    expect(locate('/product')).toBe('env');
  });
});

describe('unit.answers', () => {
  test('is an answers file with places of its own, which wins over the fields', () => {
    const { layers, problems } = read({
      'unit.product.title': 'field',
      'unit.answers': base64('schemaVersion: 1\nproduct:\n  title: Ж & <b>\n'),
    });
    expect(problems).toEqual([]);
    expect(layers.map(({ answers }) => answers['product'])).toEqual([{ title: 'field' }, { title: 'Ж & <b>' }]);
    expect(layers[1]?.locate({ path: '/product/title', message: 'is wrong', keyword: 'type' })).toMatchObject({
      file: 'env, property unit.answers',
      line: 3,
      column: 10,
    });
  });

  test('may be wrapped, as base64(1) does', () => {
    const encoded = base64('schemaVersion: 1\n').replace(/.{8}/g, '$&\n');
    expect(read({ 'unit.answers': encoded }).layers).toHaveLength(1);
  });

  test.each([
    ['schemaVersion: 1', 'this is not base64'],
    [Buffer.from([0xff, 0xfe]).toString('base64'), 'this is not UTF-8 text'],
    [base64('a: [1'), expect.stringMatching(/./)],
    [base64('product: {}'), '"schemaVersion" is missing'],
    [base64('- 1'), expect.stringContaining('must be a group')],
  ])('%j is refused', (value, message) => {
    const { layers, problems } = read({ 'unit.answers': value });
    expect(layers).toEqual([]);
    expect(problems[0]).toMatchObject({ message, file: 'env, property unit.answers' });
  });
});
