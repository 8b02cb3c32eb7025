import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, deflate, gunzip, gzip, inflate } from 'node:zlib';
import { AppError } from '@caissa/shared/errors';
import { type BodyReader, bodyTooLarge } from '@caissa/shared/http';

/** Codings that bodies may have. `deflate` is the zlib format, RFC 9110 section 8.4.1.2. */
const DECODERS = { gzip: promisify(gunzip), 'x-gzip': promisify(gunzip), deflate: promisify(inflate) } as const;
const ENCODERS = { gzip: promisify(gzip), deflate: promisify(deflate) } as const;

/** A coding that an answer can be sent in. */
export type AnswerCoding = keyof typeof ENCODERS;

/** No deflate stream is longer than its compressed form by a larger factor. Source: zlib.net/zlib_tech.html */
const MAX_EXPANSION = 1032;

/**
 * Reads a body and decompresses it; both count as held until its answer is sent.
 * @throws AppError BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID_BODY, OVERLOADED; ClientGoneError
 */
export async function readDecoded(
  bodies: BodyReader,
  request: IncomingMessage,
  response: ServerResponse,
  limitBytes: number,
): Promise<Buffer> {
  const coding = codingOf(request.headers['content-encoding']);
  const body = await bodies.read(request, response, limitBytes);
  if (coding === undefined || body.length === 0) return body;
  bodies.hold(response, Math.min(limitBytes, body.length * MAX_EXPANSION));
  return decode(coding, body, limitBytes);
}

/** The coding of a body; nothing if it is sent as it is. @throws AppError UNSUPPORTED_MEDIA_TYPE */
function codingOf(header: string | undefined): keyof typeof DECODERS | undefined {
  const name = header?.trim().toLowerCase();
  if (name === undefined || name === '' || name === 'identity') return undefined;
  if (name === 'gzip' || name === 'x-gzip' || name === 'deflate') return name;
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The Content-Encoding of a body may be gzip, deflate or identity.');
}

async function decode(coding: keyof typeof DECODERS, body: Buffer, limitBytes: number): Promise<Buffer> {
  try {
    return await DECODERS[coding](body, { maxOutputLength: limitBytes });
  } catch (error) {
    if (error instanceof RangeError) throw bodyTooLarge(limitBytes);
    throw new AppError('INVALID_BODY', `The body is not what its Content-Encoding ${coding} says, or is cut short.`);
  }
}

/** Compresses an answer, quickly rather than well. */
export function encode(coding: AnswerCoding, pieces: readonly Uint8Array[]): Promise<Buffer> {
  return ENCODERS[coding](Buffer.concat(pieces), { level: constants.Z_BEST_SPEED });
}

/** The coding that a client asks for by name and likes best; nothing if that is none. Source: RFC 9110, section 12.5.3. */
export function wantedCoding(header: string | string[] | undefined): AnswerCoding | undefined {
  if (header === undefined) return undefined;
  const quality = new Map<string, number>();
  for (const item of String(header).toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    quality.set(name, q === undefined ? 1 : Number(q.slice(2)));
  }
  const of = (name: string) => quality.get(name) ?? 0;
  const best: AnswerCoding = of('deflate') > of('gzip') ? 'deflate' : 'gzip';
  return of(best) > 0 && of(best) >= of('identity') ? best : undefined;
}
