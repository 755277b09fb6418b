import { request } from 'node:http';
import { CodedError, explain } from '@openfunction/errors';

export interface Answer {
  status: number;
  body: string;
}

const TIMEOUT_MS = 60_000;

/** Calls a URL under `.localhost`. Node does not resolve such names: it connects to loopback and says the host. Throws `process.failed`. */
export function callLocal(url: string): Promise<Answer> {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new CodedError('process.failed', `${url} does not answer: ${why}`));
    const options = { host: '127.0.0.1', port: port || 80, path: pathname + search, headers: { host }, agent: false };
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
    call.end();
  });
}
