import { connect, createServer, type Server, type Socket } from 'node:net';
import { listen } from '../listen.ts';
import type { Backends } from './backends.ts';

/** How long a connection waits for somebody to take it. */
const HOLD_MS = 10_000;

/** A port on 127.0.0.1 that stays the same while what is behind it comes and goes: it stands in a Service's place. */
export class Relay {
  readonly #backends: Backends;
  readonly #sockets = new Set<Socket>();
  readonly #stopping = new AbortController();
  readonly #server: Server;

  constructor(backends: Backends) {
    this.#backends = backends;
    this.#server = createServer((client) => void this.#pass(client));
  }

  /** Resolves when connections are taken. Rejects when the port is in use. */
  async listen(port: number): Promise<void> {
    await listen(this.#server, port);
  }

  /** Ends every connection. */
  stop(): void {
    this.#stopping.abort();
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #pass(client: Socket): Promise<void> {
    this.#track(client);
    const hold = new AbortController();
    const timer = setTimeout(() => hold.abort(), HOLD_MS);
    client.once('close', () => hold.abort());
    const port = await this.#backends.wait(AbortSignal.any([hold.signal, this.#stopping.signal]));
    clearTimeout(timer);
    if (port === undefined) return void client.destroy();
    const upstream = connect(port, '127.0.0.1');
    this.#track(upstream);
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
  }

  /** What a connection ends with concerns its two ends only: either closes with the other. */
  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
