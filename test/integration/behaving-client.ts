/**
 * A client that behaves, in a process of its own so that nothing else delays it: `node behaving-client.ts PORT SERVER_NAME CA_FILE PATH`
 * with the review on standard input's first line. Asks 50 times a second, by turns over a kept and over a new connection, until
 * standard input ends; then prints what it was answered.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';

/** What it prints. */
export interface Behaved {
  /** Every status, or why there was none. */
  codes: string[];
  reviews: number;
  p50: number;
  p99: number;
  max: number;
}

const EVERY_MS = 20;

const [port = '', servername = '', caFile = '', path = ''] = process.argv.slice(2);
const ca = readFileSync(caFile);
const agents = [new Agent({ keepAlive: true }), new Agent({ keepAlive: false })];
const [codes, milliseconds, open]: [Set<string>, number[], Set<Promise<void>>] = [new Set(), [], new Set()];
const input = createInterface({ input: process.stdin });
let timer: NodeJS.Timeout | undefined;
let asked = 0;
input.once('line', (review) => {
  timer = setInterval(() => ask(review), EVERY_MS);
});
input.once('close', async () => {
  clearInterval(timer);
  await Promise.all(open);
  for (const agent of agents) agent.destroy();
  milliseconds.sort((left, right) => left - right);
  const reviews = milliseconds.length;
  const at = (place: number) => Number(milliseconds[Math.floor(place)]?.toFixed(1));
  const behaved: Behaved = {
    codes: [...codes],
    reviews,
    p50: at(reviews * 0.5),
    p99: at(reviews * 0.99),
    max: at(reviews - 1),
  };
  console.log(JSON.stringify(behaved));
});

function ask(review: string): void {
  const startedAt = performance.now();
  const call = send(review, agents[asked++ % agents.length] as Agent)
    .catch(String)
    .then((code) => {
      codes.add(code);
      milliseconds.push(performance.now() - startedAt);
    })
    .finally(() => open.delete(call));
  open.add(call);
}

function send(review: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(review) };
    const options = { host: '127.0.0.1', port, servername, ca, path, method: 'POST', headers, agent };
    const call = request(options, (response) => {
      response.resume().once('end', () => resolve(String(response.statusCode)));
    });
    call.once('error', reject);
    call.end(review);
  });
}
