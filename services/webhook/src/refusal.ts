import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { refuse } from '@openfunction/admission';

/** Why a request is not reviewed, in the terms of HTTP. */
export interface Refusal {
  code: number;
  /** One sentence for whoever sent it. */
  text: string;
  headers?: Record<string, string>;
}

/** So much of a body that nobody wants is thrown away, and for so long, so that its sender gets to read the answer. */
const DISCARDED_BYTES = 8 * 1024 * 1024;
const DISCARDED_MS = 1_000;

/**
 * Answers without having read the body, in the form of a review, and closes the connection. The whole answer is sent at
 * once; the connection ends a little later, because closing it on a client that is still sending would throw away what it
 * has not read yet.
 */
export function refuseUnread(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const body = bodyOf(refusal);
  response.writeHead(refusal.code, headersOf(refusal, body));
  if (request.complete) {
    response.end(body);
    return;
  }
  response.write(body);
  discard(request, () => response.end());
}

/**
 * Answers on a bare socket, where no request could be made of what came or none is wanted any more, and closes it: our side at
 * once, the whole of it when the other side has closed too, or a little later.
 */
export function refuseSocket(socket: Socket, refusal: Refusal): void {
  if (!socket.writable) return;
  const body = bodyOf(refusal);
  const headers = Object.entries(headersOf(refusal, body)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${refusal.code} ${STATUS_CODES[refusal.code]}\r\n${headers.join('')}\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), DISCARDED_MS);
  socket.once('close', () => clearTimeout(timer)).once('end', () => socket.destroy());
}

function bodyOf({ code, text }: Refusal): string {
  return JSON.stringify(refuse('', text, code));
}

function headersOf({ headers }: Refusal, body: string): Record<string, string> {
  return {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
}

/** Throws away what still comes; `done` is called once, at its end or when it has been enough. */
function discard(request: IncomingMessage, done: () => void): void {
  let seen = 0;
  const finish = () => {
    clearTimeout(timer);
    request.off('data', count).off('end', finish).off('close', finish);
    done();
  };
  const count = (chunk: Buffer) => {
    seen += chunk.length;
    if (seen > DISCARDED_BYTES) finish();
  };
  const timer = setTimeout(finish, DISCARDED_MS);
  request.on('data', count).on('end', finish).on('close', finish);
  request.resume();
}
