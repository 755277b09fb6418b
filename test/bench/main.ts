/**
 * Benchmarks; each prints one JSON object.
 * `npm run bench -- reconcile [--mode serve|build|async|keda-http|both|all] [--replicas N] [--functions N]`
 * `npm run bench -- admission [--quick] [--profile FOLDER]`
 */
import { parseArgs } from 'node:util';
import { benchAdmission } from './admission.ts';
import { benchReconcile, MODES, type Mode } from './reconcile.ts';

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
      modes: modesOf(values.mode),
      replicas: Number(values.replicas),
      ...(values.functions !== undefined && { functions: Number(values.functions) }),
    }),
  admission: () =>
    benchAdmission({ quick: values.quick, ...(values.profile !== undefined && { profile: values.profile }) }),
};

/** One mode, the two of Knative, or all; empty where there is none of that name. */
function modesOf(name: string): readonly Mode[] {
  if (name === 'both') return ['serve', 'build'];
  return MODES.filter((mode) => name === 'all' || mode === name);
}

const bench = BENCHES[positionals[0] ?? ''];
if (bench === undefined || modesOf(values.mode).length === 0) {
  console.error(
    'usage: npm run bench -- reconcile [--mode serve|build|async|keda-http|both|all] [--replicas N] [--functions N]',
  );
  console.error('       npm run bench -- admission [--quick] [--profile FOLDER]');
  process.exit(2);
}
console.log(JSON.stringify(await bench(), null, 2));
