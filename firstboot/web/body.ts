/** Bodies of forms (HTML, 4.10.21.8: urlencoded and multipart), bounded in every way. */
import type { IncomingMessage } from 'node:http';
import { Busboy } from '@fastify/busboy';

/** One file with its form; base64 makes a third more of it on the way to the helper. */
export const LARGEST_BODY = 2 * 1024 * 1024;
const LIMITS = { fieldNameSize: 512, fieldSize: 512 * 1024, fields: 2000, fileSize: 1024 * 1024, files: 20, parts: 2000, headerPairs: 20 };
const UNREADABLE = 'the form cannot be read';
const TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data'];

export interface Posted {
  fields: Map<string, string[]>;
  /** Only files that were chosen and are not empty. */
  files: Map<string, Buffer>;
}

/** A body that is refused. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  /** HTTP's. */
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** `limit` is in bytes. @throws BodyError */
export async function readForm(request: IncomingMessage, limit: number): Promise<Posted> {
  const parser = parserFor(request, limit);
  const posted: Posted = { fields: new Map(), files: new Map() };
  return new Promise((resolve, reject) => {
    const refuse = (error: BodyError): void => {
      request.unpipe(parser);
      request.resume();
      reject(error);
    };
    const unreadable = (): void => refuse(new BodyError(400, UNREADABLE));
    const tooLarge = (what: string) => (): void => refuse(new BodyError(413, what));
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) tooLarge('too large')();
    });
    request.on('close', () => {
      if (!request.complete) refuse(new BodyError(400, 'cut off'));
    });
    parser.on('field', (name, value, nameCut, valueCut) => {
      if (nameCut || valueCut) tooLarge('a field is too long')();
      else posted.fields.set(name, [...(posted.fields.get(name) ?? []), value]);
    });
    parser.on('file', (name, stream) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('limit', tooLarge('a file is too large'));
      // A body that ends inside a file is an error of that file's stream alone, which nobody else listens to.
      stream.on('error', unreadable);
      stream.on('end', () => {
        if (chunks.length > 0) posted.files.set(name, Buffer.concat(chunks));
      });
    });
    parser.on('partsLimit', tooLarge('too many fields'));
    parser.on('filesLimit', tooLarge('too many files'));
    parser.on('fieldsLimit', tooLarge('too many fields'));
    parser.on('error', unreadable);
    parser.on('finish', () => resolve(posted));
    request.pipe(parser);
  });
}

function parserFor(request: IncomingMessage, limit: number): InstanceType<typeof Busboy> {
  const type = request.headers['content-type'] ?? '';
  if (!TYPES.includes(type.split(';')[0]?.trim().toLowerCase() ?? '')) throw new BodyError(415, 'not a form');
  if (Number(request.headers['content-length'] ?? 0) > limit) throw new BodyError(413, 'too large');
  try {
    return new Busboy({ headers: { ...request.headers, 'content-type': type }, limits: LIMITS });
  } catch {
    throw new BodyError(400, UNREADABLE);
  }
}
