/** What one add and one run cost: `node test/integration/queue-cost.ts` prints JSON. */
import type { Key } from '../../libs/queue/src/index.ts';
import { OwnRedis, Replicas } from './queue-redis.ts';

const KEYS = 5_000;
const CONCURRENCY = 10;

interface Cost {
  jobsPerSecond: number;
  nodeCpuMsPerJob: number;
  redisCpuMsPerJob: number;
}

async function measure(redis: OwnRedis, floor: Record<string, string> | undefined): Promise<Cost> {
  const replicas = new Replicas(redis);
  const queue = replicas.open();
  const all = Promise.withResolvers<void>();
  let runs = 0;
  queue.work(
    async () => {
      runs += 1;
      if (runs === KEYS * 2) all.resolve();
    },
    { concurrency: CONCURRENCY },
  );
  const half = (name: string) => Promise.all(keysOf(name).map((key) => queue.add(key, floor && { floor })));
  await half('first'); // warms up the compiler
  while (runs < KEYS) await new Promise((resolve) => setTimeout(resolve, 5));
  const [cpu, redisCpu, begun] = [process.cpuUsage(), redis.cpuSeconds(), performance.now()];
  await half('second');
  await all.promise;
  const used = process.cpuUsage(cpu);
  const cost = {
    jobsPerSecond: Math.round(KEYS / ((performance.now() - begun) / 1_000)),
    nodeCpuMsPerJob: round((used.user + used.system) / 1_000 / KEYS),
    redisCpuMsPerJob: round(((redis.cpuSeconds() - redisCpu) * 1_000) / KEYS),
  };
  await replicas.close();
  return cost;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

function keysOf(name: string): Key[] {
  return Array.from({ length: KEYS }, (_, i) => ({ namespace: 'demo', name: `${name}-${i}`, uid: `${name}-uid-${i}` }));
}

const redis = await OwnRedis.start();
try {
  const plain = await measure(redis, undefined);
  const withFloor = await measure(redis, { 'Serving/demo/serving-0123456789': '123456' });
  console.log(JSON.stringify({ keys: KEYS, concurrency: CONCURRENCY, plain, withFloor }));
} finally {
  await redis.stop();
}
