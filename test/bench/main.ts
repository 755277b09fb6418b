/**
 * Benchmarks; each prints one JSON object.
 * `npm run bench -- reconcile [--mode serve|build|both] [--replicas N] [--functions N]`
 * `npm run bench -- admission [--quick] [--profile FOLDER]`
 */
import { parseArgs } from 'node:util';
import { benchAdmission } from './admission.ts';
import { benchReconcile } from './reconcile.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    mode: { type: 'string', default: 'both' },
    replicas: { type: 'string', default: '1' },
    functions: { type: 'string' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
});

const BENCHES: Record<string, () => Promise<unknown>> = {
  reconcile: () =>
    benchReconcile({
      modes: values.mode === 'both' ? ['serve', 'build'] : [values.mode === 'build' ? 'build' : 'serve'],
      replicas: Number(values.replicas),
      ...(values.functions !== undefined && { functions: Number(values.functions) }),
    }),
  admission: () =>
    benchAdmission({ quick: values.quick, ...(values.profile !== undefined && { profile: values.profile }) }),
};

const bench = BENCHES[positionals[0] ?? ''];
if (bench === undefined) {
  console.error('usage: npm run bench -- reconcile [--mode serve|build|both] [--replicas N] [--functions N]');
  console.error('       npm run bench -- admission [--quick] [--profile FOLDER]');
  process.exit(2);
}
console.log(JSON.stringify(await bench(), null, 2));
