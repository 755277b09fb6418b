/** A replica in a process of its own, to be killed: it takes a key, says so, and never ends its work. */
import { silentLogger } from '@openfunction/telemetry';
import { openQueue } from '../../libs/queue/src/index.ts';

const [url = '', prefix = ''] = process.argv.slice(2);

openQueue({ url, prefix, name: 'function', logger: silentLogger() }).work(
  ({ key }) => {
    process.stdout.write(`took ${key.name}\n`);
    return new Promise(() => undefined);
  },
  { concurrency: 1 },
);
