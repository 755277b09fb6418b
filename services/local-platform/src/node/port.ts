import { createServer } from 'node:net';
import { CodedError } from '@openfunction/errors';

/** Below the range from which systems take the ports of outgoing connections, so that none of these takes it meanwhile. */
const FIRST = 20_000;
const LAST = 31_999;
const TRIES = 200;

/** A port on 127.0.0.1 that nothing listens on and that is not in `taken`. */
export async function pickPort(taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new CodedError('process.failed', `no free port between ${FIRST} and ${LAST} on 127.0.0.1`);
}

/** Several such ports, which are in `taken` from now on. */
export async function reservePorts(count: number, taken: Set<number>): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = await pickPort(taken);
    taken.add(port);
    ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
