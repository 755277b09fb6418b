import { connect, type TLSSocket } from 'node:tls';

/** Where reviews are sent. */
export interface Target {
  port: number;
  /** Authority that the server's certificate comes from, PEM. */
  ca: string;
  serverName: string;
}

interface Answer {
  code: number;
  body: string;
}

const DEADLINE_MS = 10_000;
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * One kept-alive TLS connection that asks one thing after another. Far cheaper than node:https, so that on a machine of few
 * cores the client does not slow down the server it measures.
 */
export class Connection {
  readonly #socket: TLSSocket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: PromiseWithResolvers<Answer> | undefined;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')));
    socket.setTimeout(DEADLINE_MS, () => {
      if (this.#waiting !== undefined) socket.destroy(new Error(`no answer within ${DEADLINE_MS} ms`));
    });
  }

  static open({ port, ca, serverName }: Target): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, servername: serverName, ca, ALPNProtocols: ['http/1.1'] });
      socket.setNoDelay(true);
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        socket.removeListener('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  /** Sends a whole HTTP request and resolves with its answer. One at a time. */
  ask(request: Buffer): Promise<Answer> {
    if (this.#waiting !== undefined) throw new Error('a connection asks one thing at a time');
    this.#waiting = Promise.withResolvers<Answer>();
    this.#socket.write(request);
    return this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    const waiting = this.#waiting;
    if (length === undefined) {
      waiting?.reject(new Error(`an answer without Content-Length: ${head.slice(0, 200)}`));
      return;
    }
    const end = headEnd + HEAD_END.length + Number(length);
    if (this.#received.length < end) return;
    const body = this.#received.toString('utf8', headEnd + HEAD_END.length, end);
    this.#received = this.#received.subarray(end);
    this.#waiting = undefined;
    waiting?.resolve({ code: Number(head.slice(9, 12)), body });
  }
}

/** Opens connections, hands them to `work`, and closes them whatever happens. */
export async function withConnections<T>(
  target: Target,
  count: number,
  work: (connections: readonly Connection[]) => Promise<T>,
): Promise<T> {
  const connections = await Promise.all(Array.from({ length: count }, () => Connection.open(target)));
  try {
    return await work(connections);
  } finally {
    for (const connection of connections) connection.close();
  }
}
