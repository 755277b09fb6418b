import type { IncomingMessage } from 'node:http';

/** A request that a functions framework has read already has its body here. */
type MaybeRead = IncomingMessage & { rawBody?: Buffer };

/** The request is longer than a function takes. */
export class BodyTooLong extends Error {
  constructor(mostBytes: number) {
    super(`the request is longer than the ${mostBytes} bytes that this function takes`);
    this.name = 'BodyTooLong';
  }
}

/** The whole body. Throws BodyTooLong as soon as it is known to be longer than `mostBytes`. */
export async function readBody(request: MaybeRead, mostBytes: number): Promise<Buffer> {
  const given = request.rawBody;
  const announced = given?.length ?? Number(request.headers['content-length'] ?? 0);
  if (announced > mostBytes) throw new BodyTooLong(mostBytes);
  if (given !== undefined) return given;
  // A framework that read an empty body keeps none.
  if (request.readableEnded) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > mostBytes) throw new BodyTooLong(mostBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * A body as its media type says: JSON as its value, text as text, anything else as bytes, an empty one as undefined. JSON that is none is
 * text: what a binding delivers is not always what Dapr calls it.
 */
export function parseBody(body: Buffer, type: string): unknown {
  if (body.length === 0) return undefined;
  if (/^application\/(.+\+)?json\b/i.test(type)) return parseJson(body.toString('utf8'));
  return /^text\//i.test(type) ? body.toString('utf8') : body;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
