import { request } from 'node:http';
import { CodedError, explain } from '@openfunction/errors';

export interface Answer {
  status: number;
  body: string;
}

const TIMEOUT_MS = 60_000;

/**
 * Calls a URL under `.localhost`: a GET, or a POST when there is JSON to send. Node does not resolve such names: it connects to loopback
 * and says the host. Throws `process.failed`.
 */
export function callLocal(url: string, json?: unknown): Promise<Answer> {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new CodedError('process.failed', `${url} does not answer: ${why}`));
    const content = json === undefined ? undefined : JSON.stringify(json);
    const headers = { host, ...(content !== undefined && { 'content-type': 'application/json' }) };
    const method = content === undefined ? 'GET' : 'POST';
    const options = { host: '127.0.0.1', port: port || 80, path: pathname + search, method, headers, agent: false };
    const call = request({ ...options, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => fail(explain(error)));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    call.on('timeout', () => call.destroy(new Error(`nothing came for ${TIMEOUT_MS / 1000} s`)));
    call.on('error', (error) => fail(explain(error)));
    call.end(content);
  });
}
