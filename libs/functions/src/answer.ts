import type { ServerResponse } from 'node:http';

/** Ends the response with a value: text as text, bytes as bytes, nothing as an empty body, everything else as JSON. */
export function answer(response: ServerResponse, status: number, value?: unknown): void {
  const body = toBody(value);
  response.statusCode = status;
  if (!response.hasHeader('content-type') && body.type !== undefined) response.setHeader('content-type', body.type);
  response.end(body.bytes);
}

function toBody(value: unknown): { type?: string; bytes?: string | Uint8Array } {
  if (value === undefined) return {};
  if (typeof value === 'string') return { type: 'text/plain; charset=utf-8', bytes: value };
  if (value instanceof Uint8Array) return { type: 'application/octet-stream', bytes: value };
  return { type: 'application/json', bytes: JSON.stringify(value) };
}
