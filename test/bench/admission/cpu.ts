import { cpuMsOf } from './cpu-time.ts';
import { PATH, REVIEWS, type Review } from './paths.ts';
import { median, round } from './quantile.ts';
import { type Connection, withConnections } from './review-client.ts';
import { isGranted, requestOf, usualRequests } from './reviews.ts';
import { usualFunction } from './sample.ts';
import type { ReviewServer } from './servers.ts';

/** The servers that take turns; the bare one is what the others are compared with. */
export interface Lanes {
  bare: ReviewServer;
  [name: string]: ReviewServer;
}

interface CpuOptions {
  connections: readonly number[];
  /** Reviews of one kind for each server and round. */
  reviews: number;
  rounds: number;
}

/** CPU for one review, and how often the bare handler's. */
interface Cell {
  cpuMs: number;
  ratio: number;
}

type CpuTable = Record<Review, Record<string, Record<string, Cell> | 'absent'>>;

/**
 * CPU for each review of each kind at each number of connections. The servers take turns within each round, so that what else the
 * machine does falls on all of them; each figure is the median of the rounds, each ratio the median of the rounds' ratios.
 */
export async function measureCpu(lanes: Lanes, options: CpuOptions): Promise<CpuTable> {
  const table: CpuTable = { mutate: {}, validate: {}, convert: {} };
  for (const review of REVIEWS) {
    const present = await answering(lanes, review);
    const requests = usualRequests(review);
    for (const connections of options.connections) {
      const cell = `${connections} connections`;
      if (Object.keys(present).length < Object.keys(lanes).length) table[review][cell] = 'absent';
      else table[review][cell] = await measureCell(present, requests, { ...options, connections });
    }
  }
  return table;
}

/** The servers that know the path at all. */
async function answering(lanes: Lanes, review: Review): Promise<Record<string, ReviewServer>> {
  const request = requestOf(review, usualFunction('probe', 'shop'));
  const found: Record<string, ReviewServer> = {};
  for (const [name, server] of Object.entries(lanes)) {
    const answer = await withConnections(server, 1, async ([connection]) => connection?.ask(request));
    if (answer?.code === 404) continue;
    if (answer?.code !== 200 || !isGranted(answer.body))
      throw new Error(`${name} ${PATH[review]} refuses the usual Function: ${answer?.code} ${answer?.body}`);
    found[name] = server;
  }
  return found;
}

async function measureCell(
  servers: Record<string, ReviewServer>,
  requests: readonly Buffer[],
  options: { connections: number; reviews: number; rounds: number },
): Promise<Record<string, Cell>> {
  const { connections, reviews, rounds } = options;
  const names = Object.keys(servers);
  const runs = new Map<string, number[]>(names.map((name) => [name, []]));
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1)
    for (const [name, server] of Object.entries(servers)) {
      const cpuMs = await cpuForEach(server, requests, { connections, reviews });
      if (round > 0) runs.get(name)?.push(cpuMs);
    }
  const bare = runs.get('bare') ?? [];
  const cellOf = (own: readonly number[]): Cell => ({
    cpuMs: round(median(own)),
    ratio: round(median(own.map((cpuMs, index) => cpuMs / (bare[index] ?? Number.NaN)))),
  });
  return Object.fromEntries([...runs].map(([name, own]) => [name, cellOf(own)]));
}

/** Every connection asks its next review as soon as it has its answer. */
function cpuForEach(
  server: ReviewServer,
  requests: readonly Buffer[],
  { connections, reviews }: { connections: number; reviews: number },
): Promise<number> {
  return withConnections(server, connections, async (open) => {
    let asked = 0;
    const keepAsking = async (connection: Connection) => {
      while (asked < reviews) {
        const request = requests[asked++ % requests.length];
        const answer = await connection.ask(request as Buffer);
        if (answer.code !== 200 || !isGranted(answer.body)) throw new Error(`refused: ${answer.code} ${answer.body}`);
      }
    };
    const before = cpuMsOf(server.process.pid);
    await Promise.all(open.map(keepAsking));
    return (cpuMsOf(server.process.pid) - before) / reviews;
  });
}
