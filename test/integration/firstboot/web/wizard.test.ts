import { readFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { request } from 'node:https';
import { afterEach, expect, it } from 'vitest';

import { refusalOf } from '../../../../firstboot/helper/settings.ts';
import { UnitError } from '../../../../firstboot/kit/errors.ts';
import { answersSchema, type SettingSchema, validateAnswers } from '../../../../firstboot/settings/index.ts';
import { RULE_TEXTS } from '../../../../firstboot/settings/rule-texts.ts';
import { LANGUAGES, translator } from '../../../../firstboot/web/language.ts';
import { CHECKOUT } from '../../../helpers/cli-bundle.ts';
import { every } from '../every-language.ts';
import { EVERY_CONTROL } from './every-control.ts';
import { fieldsOf, type Lab, type LabOptions, openLab, Visitor } from './lab.ts';

const SPHERE = JSON.parse(readFileSync(`${CHECKOUT}/images/sphere/settings.schema.json`, 'utf8')) as object;
const opened: Lab[] = [];
afterEach(async () => {
  for (const lab of opened.splice(0)) await lab.close();
});

async function claimed(options: LabOptions = {}): Promise<{ lab: Lab; visitor: Visitor }> {
  const lab = await openLab(options);
  opened.push(lab);
  const visitor = new Visitor(lab);
  expect((await visitor.claim()).status).toBe(303);
  return { lab, visitor };
}

async function press(visitor: Visitor, page: string, action: string): ReturnType<Visitor['post']> {
  const [token = ''] = fieldsOf((await visitor.open(page)).body)['token'] ?? [];
  return visitor.post(action, [['token', token]]);
}

/** From the claim to a run that has begun; the page is at the other port then. */
async function applying(options: LabOptions = {}): Promise<{ lab: Lab; visitor: Visitor }> {
  const { lab, visitor } = await claimed(options);
  expect((await press(visitor, '/review', '/apply')).status).toBe(200);
  visitor.port = lab.later;
  return { lab, visitor };
}

/** What comes of server-sent events. */
function listen(visitor: Visitor): { text: () => string; request: ClientRequest; ended: Promise<void> } {
  let text = '';
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const options = {
    host: '127.0.0.1',
    port: visitor.port,
    path: '/progress/events',
    rejectUnauthorized: false,
    agent: false,
    headers: { cookie },
  };
  const sent = request(options);
  const ended = new Promise<void>((resolve) => {
    sent.on('error', () => resolve());
    sent.on('response', (response) => {
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('close', () => resolve());
      response.on('error', () => resolve());
    });
  });
  sent.end();
  return { text: () => text, request: sent, ended };
}

it('goes from the claim over the sections and the review to the result', async () => {
  const { lab, visitor } = await claimed({ productSchema: SPHERE, result: { credentials: [{ title: { en: 'Password' }, value: 'a&b' }] } });
  expect((await visitor.open('/')).body).toContain('<h1>Administrator</h1>');
  expect((await visitor.submit('/section/administrator', { '/login': 'kate' })).headers.location).toBe('/section/network');
  expect(lab.helper.wizard).toEqual({ administrator: { login: 'kate' } });
  const blocked = (await visitor.open('/review')).body;
  expect(blocked).toContain('/section/product?all&#x3D;1#f_2f_superuserEmail');
  expect(blocked).not.toContain('action="/apply"');
  expect((await visitor.submit('/section/product', { '/superuserEmail': 'kate@example.org' })).headers.location).toBe('/review');
  expect((await visitor.open('/review')).body).toContain('A database is made.');
  const begun = await press(visitor, '/review', '/apply');
  expect(begun.body).toContain(`https://127.0.0.1:${lab.later}/progress`);
  visitor.port = lab.later;
  expect((await visitor.open('/')).body).toContain('The unit is being set up');
  lab.helper.finish();
  await expect.poll(async () => (await visitor.open('/')).body).toContain('The unit is ready');
  const result = (await visitor.open('/')).body;
  expect(result).toContain('a&amp;b');
  expect(result).toContain('https://shop.example.org/');
  expect((await press(visitor, '/result', '/confirm')).body).toContain('Setup is finished');
  expect(lab.helper.closed).toBe(true);
});

it('says how good a password is, in the language of the page, to its owner alone', async () => {
  const { lab, visitor } = await claimed();
  const [token = ''] = fieldsOf((await visitor.open('/section/administrator?lang=ru')).body)['token'] ?? [];
  const ask = async (password: string, ...near: string[]): Promise<string> => {
    const answer = await visitor.post('/strength', [
      ['token', token],
      ['password', password],
      ...near.map((name): [string, string] => ['near', name]),
    ]);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    return answer.body;
  };
  expect(await ask('Password2024')).toBe('По нашей оценке, этот пароль легко подобрать. Уберите частые слова; возьмите несколько редких.');
  expect(await ask('kV7#pq2z!Lmw')).toBe('По нашей оценке, пароль надёжный.');
  expect(await ask('katharine-of-aragon', 'katharine')).not.toBe(await ask('katharine-of-aragon'));
  expect((await visitor.post('/strength', [['password', 'x']])).status).toBe(403);
  expect(
    (
      await new Visitor(lab).post('/strength', [
        ['token', token],
        ['password', 'x'],
      ])
    ).status,
  ).toBe(403);
});

it('goes on at the other port with Apply, and keeps what sockets it has for a run that fails', async () => {
  const { lab, visitor } = await applying();
  expect((await visitor.ask('/.well-known/unit-health')).body).toContain('"applying"');
  // What is given in the meantime would be nobody's.
  expect((await visitor.ask('/section/administrator')).headers.location).toBe('/progress');
  expect((await press(visitor, '/progress', '/section/administrator')).status).toBe(403);
  // systemd takes 80 and 443 away, and gives them back.
  lab.helper.emit({ type: 'state', state: 'failed' });
  lab.app.site.statuses.forget();
  expect((await visitor.ask('/.well-known/unit-health', { port: lab.https })).body).toContain('"failed"');
  expect((await visitor.ask('/claim', { port: lab.http, plain: true })).headers.location).toBe(`https://127.0.0.1:${lab.https}/claim`);
  expect((await visitor.ask('/', { port: lab.https })).status).toBe(303);
});

it('stays where it is where there is no other port', async () => {
  const { lab, visitor } = await claimed({ stays: true });
  expect((await press(visitor, '/review', '/apply')).headers.location).toBe('/progress');
  lab.helper.finish();
  await expect.poll(async () => (await visitor.open('/')).body).toContain('The unit is ready');
});

it('tells each step as it changes, to all who watch, and how it ended', async () => {
  const { lab, visitor } = await applying();
  const [one, two] = [listen(visitor), listen(visitor)];
  lab.helper.emit({ type: 'step-started', step: 'database', title: { en: 'Database' }, index: 2, count: 2 });
  lab.helper.emit({ type: 'output', step: 'database', line: 'a </pre> b' });
  await expect.poll(one.text).toContain('Step 2 of 2: Database');
  await expect.poll(one.text).toContain('a &lt;/pre&gt; b');
  lab.helper.finish();
  await Promise.all([one.ended, two.ended]);
  for (const text of [one.text(), two.text()]) expect(text).toMatch(/event: end\ndata: \n\n$/);
  expect(lab.helper.calls.filter(({ action }) => action === 'follow')).toHaveLength(1);
});

it('sends the browser on where a run ended before it began, and says so of one that was cut off', async () => {
  const { lab, visitor } = await applying();
  const events = listen(visitor);
  await expect.poll(events.text).toContain('retry');
  lab.helper.emit({ type: 'state', state: 'waiting' });
  await events.ended;
  expect(events.text()).toMatch(/event: end\ndata: \n\n$/);
  expect((await visitor.open('/progress')).body).toContain('<h1>Administrator</h1>');
  lab.helper.emit({ type: 'state', state: 'failed' });
  lab.app.site.statuses.forget();
  const page = (await visitor.open('/progress')).body;
  expect(page).toContain('The setup stopped before its end');
  expect(page).toContain('action="/apply"');
  expect(page).not.toContain('A step failed');
});

it('shows the result of a unit that is set up though a service is not ready, and names it', async () => {
  const { lab, visitor } = await applying({
    status: { settled: true },
    result: { credentials: [{ title: { en: 'Password' }, value: 'made-here' }], notReady: [{ en: 'Search', ja: '検索', ru: 'Поиск' }] },
  });
  expect((await visitor.open('/')).body).toContain('The unit is being set up');
  lab.helper.emit({ type: 'state', state: 'failed' });
  lab.app.site.statuses.forget();
  for (const path of ['/', '/progress']) {
    const page = (await visitor.open(path)).body;
    expect(page).toContain('The unit is set up, but not ready');
    expect(page).toContain('<li>Search</li>');
    expect(page).toContain('made-here');
    expect(page).not.toContain('A step failed');
  }
  expect((await visitor.open('/result?lang=ru')).body).toContain('<li>Поиск</li>');
  expect((await new Visitor(lab).ask('/claim')).body).toContain('Open setup again');
});

it('takes a long code as the console shows it', async () => {
  const code = 'ABCDEFGH'.repeat(8);
  const lab = await openLab({ code });
  opened.push(lab);
  const visitor = new Visitor(lab);
  expect((await visitor.claim(`${'ABCD EFGH-'.repeat(8)}9`)).status).toBe(403);
  expect((await visitor.ask('/claim')).body).toContain('maxlength="128"');
  expect((await visitor.claim(` ${'ABCD-EFGH-'.repeat(8)}`)).status).toBe(303);
});

it('knows how far the run is after a restart in the middle of it', async () => {
  const { lab, visitor } = await applying();
  lab.helper.emit({ type: 'step-started', step: 'administrator', title: { en: 'Administrator' }, index: 1, count: 2 });
  await lab.restart();
  const page = (await visitor.open('/progress')).body;
  expect(page).toContain('Step 1 of 2: Administrator');
  const events = listen(visitor);
  lab.helper.finish();
  await events.ended;
  expect(events.text()).toContain('event: end');
});

it('watches where another browser was faster', async () => {
  const { lab, visitor } = await claimed();
  const [token = ''] = fieldsOf((await visitor.open('/review')).body)['token'] ?? [];
  const both = await Promise.all([visitor.post('/apply', [['token', token]]), visitor.post('/apply', [['token', token]])]);
  for (const { body, status } of both) expect([status, body.includes(`:${lab.later}/progress`)]).toEqual([200, true]);
  expect(lab.helper.state).toBe('applying');
});

it('does not begin while something is missing, and says what the helper says', async () => {
  const { lab, visitor } = await claimed({ productSchema: SPHERE });
  const refused = await press(visitor, '/section/administrator', '/apply');
  expect(refused.status).toBe(409);
  expect(refused.body).toContain('the answers are not whole');
  expect(lab.helper.state).toBe('waiting');
});

it('says so where the helper does not answer, and goes on when it does', async () => {
  const { lab, visitor } = await claimed();
  await lab.helper.close();
  lab.app.site.statuses.forget();
  expect((await visitor.ask('/review')).status).toBe(503);
  await lab.helper.listen(`${lab.folder}/helper.sock`);
  lab.app.site.statuses.forget();
  expect((await visitor.ask('/review')).status).toBe(200);
});

it('tries out what a section offers, with what is asked beside it', async () => {
  const { lab, visitor } = await claimed({
    checks: {
      'mail.test': ({ recipient }) => ({
        findings: [{ severity: 'ok', message: every(`sent to ${String(recipient)}`) }],
        log: ['220 ready'],
      }),
    },
  });
  const answer = await visitor.submit(
    '/section/mail',
    { '/senderName': 'Shop', 'parameter:test:recipient': ' ann@example.org ' },
    'check:test',
  );
  expect(answer.body).toContain('sent to ann@example.org');
  expect(answer.body).toContain('220 ready');
  expect(fieldsOf(answer.body)['parameter:test:recipient']).toEqual(['ann@example.org']);
  expect(lab.helper.wizard).toMatchObject({ mail: { senderName: 'Shop' } });
  expect((await visitor.submit('/section/time', {}, 'check:skew')).status).toBe(409);
  expect(lab.helper.calls.at(-1)?.parameters).toMatchObject({ parameters: {} });
});

it('says at the beginning and at the end what was wrong with answers from outside', async () => {
  const sentence = 'answers.yaml:4:10: "<titel>" is not known';
  const { visitor } = await claimed({ refused: [{ sentence, place: 'answers.yaml:4:10' }] });
  for (const path of ['/section/administrator', '/review']) {
    const { body } = await visitor.ask(path);
    expect(body).toContain('Answers that came from outside do not fit');
    expect(body).toContain('<li lang="en">answers.yaml:4:10: &quot;&lt;titel&gt;&quot; is not known</li>');
  }
  expect((await visitor.ask('/section/mail')).body).not.toContain('came from outside');
});

it.each(LANGUAGES)('says it in %s where it knows what is wrong', async (language) => {
  const wrong = [
    { administrator: { password: 'short' }, network: { hostname: 'x' }, time: { ntp: 'a' }, mail: { port: 0, mode: 'post' } },
    { administrator: { login: 'root', password: 'long enough' } },
  ].flatMap((answers) => validateAnswers({ schemaVersion: 1, ...answers }, undefined));
  const refused = wrong.map((violation) => refusalOf({ ...violation, file: 'answers.yaml', line: 4, column: 10 }));
  const { visitor } = await claimed({ refused });
  const { body } = await visitor.ask(`/section/administrator?lang=${language}`);
  const t = translator(language);
  const title = ({ 'x-titles': titles }: SettingSchema): string => titles?.[language] ?? '';
  const { administrator, network, time, mail } = answersSchema(undefined).properties ?? {};
  const said = [
    `${title(administrator?.properties?.['password'] ?? {})}: ${t('wrong.minLength', { limit: 10 })}`,
    `${title(network ?? {})}: ${t('wrong.unknown', { name: 'hostname' })}`,
    `${title(time?.properties?.['ntp'] ?? {})}: ${t('wrong.list')}`,
    `${title(mail?.properties?.['mode'] ?? {})}: ${t('wrong.choice')}`,
    `${title(mail?.properties?.['port'] ?? {})}: ${t('wrong.minimum', { limit: 1 })}`,
    `${title(administrator?.properties?.['login'] ?? {})}: ${RULE_TEXTS.loginReserved[language]}`,
  ];
  const shown = [...body.matchAll(/<li>answers\.yaml:4:10: (.*?)<\/li>/g)].map(([, text]) => text);
  expect(shown.sort()).toEqual(said.sort());
});

it('shows the lines for a zone file, to be copied as they are', async () => {
  const line = 'shop.example.org. 3600 IN A 192.0.2.1';
  const { visitor } = await claimed({ checks: { 'domain.records': () => ({ findings: [], log: [line] }) } });
  const { body } = await visitor.submit('/section/domain', {}, 'check:records');
  expect(body).toContain('Lines for the zone file');
  expect(body).toMatch(new RegExp(`<pre id="report-lines"[^>]*>${line}\n</pre>`));
  expect(body).toContain('data-copy="report-lines"');
  expect(body).not.toContain('<details');
});

it("ends with what the owner needs: the unit's authority, warnings, the image's own next steps", async () => {
  const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const { lab, visitor } = await applying({
    result: {
      authority: pem,
      warnings: [{ en: 'No certificate yet.', ja: '証明書はまだありません。', ru: 'Сертификата ещё нет.' }],
      nextSteps: [
        { text: { en: 'Make a cell.', ja: 'セルを作成します。', ru: 'Создайте ячейку.' }, link: 'https://shop.example.org/cells' },
      ],
    },
  });
  lab.helper.finish();
  await expect.poll(async () => (await visitor.open('/result?lang=ja')).body).toContain('証明書はまだありません。');
  const page = (await visitor.open('/result?lang=ru')).body;
  expect(page).toContain('Создайте ячейку.<br><a href="https://shop.example.org/cells">');
  expect(page).not.toContain('Откройте продукт по ссылке выше');
  expect((await visitor.ask('/result/authority')).body).toBe(pem);
  lab.helper.unit.result = {};
  expect((await visitor.ask('/result/authority')).status).toBe(404);
  const without = (await visitor.open('/result?lang=en')).body;
  expect(without).not.toContain('/result/authority');
  expect(without).toContain('Open the product by the link above');
});

it("says what the unit refuses in the owner's language, and what it has no words for as English", async () => {
  const texts = { en: 'Wait.', ja: 'お待ちください。', ru: 'Подождите.' };
  const { lab, visitor } = await claimed({ planError: new UnitError('busy', { exitCode: 5, texts }) });
  for (const [language, text] of Object.entries(texts)) {
    const page = (await visitor.open(`/review?lang=${language}`)).body;
    expect(page).toContain(`<p>${text}</p>`);
    expect(page).not.toContain('busy');
  }
  lab.helper.unit.planError = 'no disk';
  expect((await visitor.open('/review?lang=ja')).body).toContain('ユニットからのメッセージ: <span lang="en">no disk</span>');
});

it('has the sections that the image wants, in its order', async () => {
  const { visitor } = await claimed({ productSchema: SPHERE, status: { sections: ['product', 'time', 'nothing'] } });
  const page = (await visitor.open('/')).body;
  expect([...page.matchAll(/href="\/section\/(\w+)"/g)].map(([, name]) => name)).toEqual(['product', 'time']);
  expect((await visitor.ask('/section/mail')).status).toBe(404);
});

it('speaks the language that was chosen, else the one that the browser prefers', async () => {
  const { visitor } = await claimed();
  const heading = async (path: string, headers = {}) => /<h1>([^<]*)/.exec((await visitor.ask(path, { headers })).body)?.[1];
  expect(await heading('/review', { 'accept-language': 'ru-RU,ru' })).toBe('Проверка');
  expect(await heading('/review?lang=ja')).toBe('確認');
  expect(await heading('/review', { 'accept-language': 'ru' })).toBe('確認');
  expect(await heading('/review?lang=xx')).toBe('確認');
});

it('has no page that is heavy, with its style sheets and its script', async () => {
  const { visitor } = await claimed({ productSchema: EVERY_CONTROL });
  const weigh = async (path: string): Promise<number> => {
    const { body, headers } = await visitor.open(path);
    return Buffer.byteLength(body) + Buffer.byteLength(JSON.stringify(headers));
  };
  let shared = 0;
  for (const path of ['/setup.css', '/setup.js', '/look/colours.css']) shared += await weigh(path);
  expect(shared).toBeGreaterThan(5000);
  for (const path of ['/section/administrator', '/section/product', '/review']) expect(shared + (await weigh(path))).toBeLessThan(100_000);
});
