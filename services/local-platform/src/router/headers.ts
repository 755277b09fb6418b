import type { IncomingMessage } from 'node:http';
import type { Outgoing } from './filters.ts';

/** Headers that speak of one connection only (RFC 9110 7.6.1), and Expect, which this router has answered already. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Name and value of each header, in order and as often as it came, without those of the connection. */
export function endToEnd(message: IncomingMessage): Outgoing['headers'] {
  const named = (message.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const dropped = new Set([...HOP_BY_HOP, ...named]);
  return pairs(message.rawHeaders).filter(([name]) => !dropped.has(name.toLowerCase()));
}

/** The headers with which a request is sent on: without Host, with who asked for what. */
export function forwarded(request: IncomingMessage, headers: Outgoing['headers']): Outgoing['headers'] {
  const before = request.headers['x-forwarded-for'];
  const caller = request.socket.remoteAddress ?? '127.0.0.1';
  const ours: Outgoing['headers'] = [
    ['x-forwarded-for', before === undefined ? caller : `${before}, ${caller}`],
    ['x-forwarded-host', request.headers.host ?? ''],
    ['x-forwarded-proto', 'http'],
  ];
  const replaced = new Set(['host', ...ours.map(([name]) => name)]);
  return [...headers.filter(([name]) => !replaced.has(name.toLowerCase())), ...ours];
}

function pairs(raw: readonly string[]): Outgoing['headers'] {
  const result: Outgoing['headers'] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) result.push([raw[at] ?? '', raw[at + 1] ?? '']);
  return result;
}
