import { Agent, request } from 'node:http';

export interface Answer {
  status: number;
  body: string;
}

/** Asks a function by its host name, on the port of the local platform. */
export function get(host: string, port: number, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, headers: { host: `${host}:${port}` }, ...(agent && { agent }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
        response.on('error', reject);
      },
    );
    outgoing.setTimeout(30_000, () => outgoing.destroy(new Error('no answer within 30 s')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** What has come of the requests so far. */
export interface Tally {
  requests: number;
  /** Every answer but 200, and every request without one. */
  failures: string[];
}

/** Requests that go on until stopped. */
export interface Load extends Readonly<Tally> {
  /** Every text that was answered. */
  readonly answers: ReadonlySet<string>;
  /** The text that was answered last. */
  readonly last: string;
  /** Waits for the answers that are still to come. */
  stop(): Promise<Tally>;
}

/** Asks `perSecond` times a second until stopped, whether or not earlier requests have been answered. */
export function startLoad(host: string, port: number, perSecond: number): Load {
  const answers = new Set<string>();
  const failures: string[] = [];
  const pending = new Set<Promise<void>>();
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  let requests = 0;
  let last = '';
  const take = ({ status, body }: Answer) => {
    if (status !== 200) return failures.push(`${status} ${body}`);
    last = body;
    return answers.add(body);
  };
  const ask = async () => {
    requests += 1;
    await get(host, port, agent).then(take, (error: Error) => failures.push(error.message));
  };
  const startedAt = performance.now();
  // Timers are late on a busy machine: what was missed is made up for.
  const timer = setInterval(() => {
    while (requests < ((performance.now() - startedAt) / 1000) * perSecond) {
      const asking = ask();
      pending.add(asking);
      asking.finally(() => pending.delete(asking));
    }
  }, 1000 / perSecond);
  return {
    answers,
    failures,
    get requests() {
      return requests;
    },
    get last() {
      return last;
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all(pending);
      agent.destroy();
      return { requests, failures };
    },
  };
}
