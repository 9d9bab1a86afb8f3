// npm run build: the page with its script inside, into dist/.
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const source = (name) => readFileSync(join(__dirname, 'src', name), 'utf8');
const page = source('index.html').replace('<!-- script -->', () => `<script type="module">\n${source('main.js')}</script>`);
mkdirSync(join(__dirname, 'dist'), { recursive: true });
writeFileSync(join(__dirname, 'dist', 'index.html'), page);
