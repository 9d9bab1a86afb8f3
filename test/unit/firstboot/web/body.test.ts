/** Bodies from anybody: whatever the bytes, reading ends, with a form or a refusal. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { BodyError, readForm } from '../../../../firstboot/web/body.ts';

const LIMIT = 64 * 1024;

async function read(type: string, body: Uint8Array): Promise<'form' | number> {
  const request = Object.assign(new PassThrough(), { headers: { 'content-type': type }, complete: true });
  const reading = readForm(request as never, LIMIT).then(
    (): 'form' => 'form',
    (error: unknown) => {
      if (!(error instanceof BodyError)) throw error;
      return error.statusCode;
    },
  );
  request.end(Buffer.from(body));
  return reading;
}

const piece = fc.oneof(
  fc.constantFrom(
    '--b',
    '--b--',
    '\r\n',
    '\r\n\r\n',
    'Content-Disposition: form-data; name="a"',
    '; filename="../../x"',
    'Content-Type: text/plain',
  ),
  fc.constantFrom('Content-Transfer-Encoding: base64', "name*=utf-8''%ff", '; name="', '%', '%zz', '&', '=', '\0'),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

it.each(['multipart/form-data; boundary=b', 'application/x-www-form-urlencoded'])('%s: pieces of forms in any order', async (type) => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      expect(['form', 400, 413]).toContain(await read(type, Buffer.from(pieces.join(''))));
    }),
    { numRuns: 300 },
  );
});

it('any bytes, under any type', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 60 }), fc.uint8Array({ maxLength: 500 }), async (type, bytes) => {
      const outcome = await read(type, bytes).catch((error: unknown) => (error as BodyError).statusCode);
      expect(['form', 400, 413, 415]).toContain(outcome);
    }),
    { numRuns: 300 },
  );
});

it('a body that ends inside a file is refused, and the service lives', async () => {
  const head = '--b\r\nContent-Disposition: form-data; name="a"; filename="x"\r\n\r\n';
  expect(await read('multipart/form-data; boundary=b', Buffer.from(`${head}half of it`))).toBe(400);
});

it('more than the limit is refused, told beforehand or not', async () => {
  expect(await read('application/x-www-form-urlencoded', Buffer.alloc(LIMIT + 1, 'a'))).toBe(413);
});
