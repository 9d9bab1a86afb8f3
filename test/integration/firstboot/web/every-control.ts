/** A product's settings with every control that the form has. */
const titles = (en: string): object => ({ 'x-titles': { en, ja: `${en} (ja)`, ru: `${en} (ru)` } });
const text = (en: string, more: object = {}): object => ({ type: 'string', maxLength: 200, ...titles(en), ...more });

export const EVERY_CONTROL = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'email'],
  properties: {
    name: text('Name', { minLength: 1 }),
    email: text('E-mail', { format: 'email' }),
    code: text('Code', {
      pattern: '^[A-Z]{3}$',
      'x-pattern-help': { en: 'Three capital letters.', ja: '大文字 3 つ。', ru: 'Три заглавные буквы.' },
    }),
    workers: { type: 'integer', minimum: 1, maximum: 8, default: 2, ...titles('Workers') },
    ratio: { type: 'number', minimum: 0, ...titles('Ratio') },
    open: { type: 'boolean', default: true, ...titles('Open to all') },
    theme: {
      type: 'string',
      enum: ['light', 'dark'],
      default: 'light',
      ...titles('Theme'),
      'x-choices': { light: { en: 'Bright', ja: '明るい', ru: 'Светлая' }, dark: { en: 'Dark', ja: '暗い', ru: 'Тёмная' } },
    },
    colour: { type: 'string', enum: ['red', 'orange', 'yellow', 'green', 'blue', 'violet'], ...titles('Colour') },
    parts: { type: 'array', items: { type: 'string', enum: ['wiki', 'forum', 'chat'] }, uniqueItems: true, ...titles('Parts') },
    hosts: { type: 'array', items: { type: 'string', pattern: '^[a-z.]+$' }, maxItems: 4, default: [], ...titles('Hosts') },
    welcome: { type: 'string', maxLength: 4000, ...titles('Welcome') },
    logo: { type: 'string', contentEncoding: 'base64', contentMediaType: 'image/png', maxLength: 20_000, ...titles('Logo') },
    token: text('Token', { minLength: 12, writeOnly: true, 'x-generate': { length: 20, alphabet: 'hex' } }),
    pin: text('Passphrase', { minLength: 10, writeOnly: true }),
    backup: {
      type: 'object',
      additionalProperties: false,
      required: ['folder'],
      ...titles('Backup'),
      properties: { folder: text('Folder', { pattern: '^/' }), keep: { type: 'integer', minimum: 1, ...titles('Days') } },
    },
    people: {
      type: 'array',
      maxItems: 3,
      ...titles('People'),
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['login'],
        properties: { login: text('Login', { pattern: '^[a-z]+$' }), admin: { type: 'boolean', default: false, ...titles('May do all') } },
      },
    },
    storage: {
      ...titles('Storage'),
      oneOf: [
        {
          type: 'object',
          additionalProperties: false,
          required: ['kind'],
          'x-titles': { en: 'On this disk', ja: 'このディスク', ru: 'На этом диске' },
          properties: { kind: { const: 'local', ...titles('Kind') }, path: text('Path', { pattern: '^/' }) },
        },
        {
          type: 'object',
          additionalProperties: false,
          required: ['kind', 'host'],
          'x-titles': { en: 'On a server', ja: 'サーバー', ru: 'На сервере' },
          properties: { kind: { const: 'remote', ...titles('Kind') }, host: text('Host'), path: text('Remote path') },
        },
      ],
    },
    notify: { type: 'string', enum: ['never', 'mail'], default: 'never', ...titles('Notices') },
    notifyAddress: text('Notices go to', { 'x-when': { notify: ['mail'] } }),
    labels: { type: 'object', additionalProperties: { type: 'string' }, ...titles('Labels') },
  },
} as const;
