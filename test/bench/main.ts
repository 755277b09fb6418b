/** Benchmarks. `npm run bench -- reconcile [--mode serve|build|both] [--replicas N] [--functions N]` prints one JSON object. */
import { parseArgs } from 'node:util';
import { benchReconcile } from './reconcile.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    mode: { type: 'string', default: 'both' },
    replicas: { type: 'string', default: '1' },
    functions: { type: 'string' },
  },
});

if (positionals[0] !== 'reconcile') {
  console.error('usage: npm run bench -- reconcile [--mode serve|build|both] [--replicas N] [--functions N]');
  process.exit(2);
}
const functions = values.functions === undefined ? undefined : Number(values.functions);
const result = await benchReconcile({
  modes: values.mode === 'both' ? ['serve', 'build'] : [values.mode === 'build' ? 'build' : 'serve'],
  replicas: Number(values.replicas),
  ...(functions !== undefined && { functions }),
});
console.log(JSON.stringify(result, null, 2));
