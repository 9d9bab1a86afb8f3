import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';

import { CHECKOUT } from '../../../helpers/cli-bundle.ts';
import { type Lab, type LabOptions, openLab, Visitor } from './lab.ts';

const SPHERE = JSON.parse(readFileSync(`${CHECKOUT}/images/sphere/settings.schema.json`, 'utf8')) as object;
let lab: Lab | undefined;
afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

async function claimed(options: LabOptions = {}): Promise<{ lab: Lab; visitor: Visitor }> {
  const opened = await openLab(options);
  lab = opened;
  const visitor = new Visitor(opened);
  expect((await visitor.claim()).status).toBe(303);
  return { lab: opened, visitor };
}

it('goes from the claim over a section and the review to the result', async () => {
  const { lab, visitor } = await claimed({ productSchema: SPHERE });
  const first = await visitor.open('/');
  expect(first.body).toContain('<h1>Administrator</h1>');
  expect((await visitor.submit('/section/administrator', { '/login': 'kate' })).headers.location).toBe('/section/network');
  expect(lab.helper.wizard).toEqual({ administrator: { login: 'kate' } });
  const blocked = await visitor.open('/review');
  expect(blocked.body).toContain('/section/product?all&#x3D;1#f_2f_superuserEmail');
  expect(blocked.body).not.toContain('action="/apply"');
  expect((await visitor.submit('/section/product', { '/superuserEmail': 'kate@example.org' })).headers.location).toBe('/review');
  const review = await visitor.open('/review');
  expect(review.body).toContain('A database is made.');
  const begun = await visitor.submit('/review');
  expect(begun.status).toBe(404);
  const token = /name="token" value="([^"]+)"/.exec(review.body)?.[1] ?? '';
  const apply = await visitor.post('/apply', [['token', token]]);
  expect(apply.body).toContain(`https://127.0.0.1:${lab.later}/progress`);
  visitor.port = lab.later;
  expect((await visitor.open('/')).body).toContain('The unit is being set up');
  lab.helper.finish();
  const result = await visitor.open('/progress');
  lab.app.site.statuses.forget();
  expect((await visitor.open('/')).body).toContain('The unit is ready');
  expect(result.status).toBe(200);
});
