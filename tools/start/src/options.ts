import { parseArgs } from 'node:util';
import { CodedError, explain } from '@openfunction/errors';

const SAMPLES = ['go', 'node', 'typescript', 'python', 'bindings', 'none'] as const;

/** What `npm start` is asked to do. */
export interface Options {
  /** One of samples/hello-*, the samples of bindings, the path of a manifest with a Function of one's own, or none. */
  sample: (typeof SAMPLES)[number] | { manifest: string };
  /** Stop everything after the sample has answered. */
  once: boolean;
  /** Port of the functions' HTTP on 127.0.0.1; 0 for any free one; undefined for 8080 if it is free, else any. */
  port: number | undefined;
  /** Processes of each service (the local platform is one in any case). */
  replicas: number;
  /** Whether the local platform and its CRDs are brought up. */
  platform: boolean;
  /** Use the API server of this kubeconfig instead of starting one. */
  kubeconfig: string | undefined;
  /** Empty the state folder first. */
  reset: boolean;
  /** Folder of all state. */
  state: string;
  help: boolean;
}

export const USAGE = `npm start -- [options]

  --sample NAME       function to build and call: go, node (default), typescript, python, none,
                      or the path of a manifest (contains a "/" or ends with .yaml);
                      bindings: functions in Go and TypeScript that send greetings to another one (needs Go)
  --once              stop everything after its answer: exit code 0, or 1 with the reason
  --port N            port of the functions on 127.0.0.1 (default 8080 if free; 0: any free one)
  --replicas N        processes of each service (default 1)
  --platform on|off   off: without local builder, node and gateway, for clusters that have the real ones
  --kubeconfig FILE   use this API server, on this machine, instead of starting one
  --state DIR         folder of all state (default .local, or OPENFUNCTION_STATE)
  --reset             empty that folder first: built images and logs
  --help              this text`;

/** Reads the command line. Throws `config.invalid` with one sentence. */
export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv): Options {
  const given = readArguments(argv);
  const platform = oneOf('platform', given.platform, ['on', 'off']) === 'on';
  return {
    sample: parseSample(given.sample ?? (platform ? 'node' : 'none')),
    once: given.once,
    port: given.port === undefined ? undefined : parseCount('port', given.port, { least: 0, most: 65_535 }),
    replicas: parseCount('replicas', given.replicas, { least: 1, most: 9 }),
    platform,
    kubeconfig: given.kubeconfig,
    reset: given.reset,
    state: given.state ?? (env['OPENFUNCTION_STATE'] || '.local'),
    help: given.help,
  };
}

function readArguments(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        sample: text,
        once: flag,
        port: text,
        replicas: { ...text, default: '1' },
        platform: { ...text, default: 'on' },
        kubeconfig: text,
        state: text,
        reset: flag,
        help: flag,
      },
    }).values;
  } catch (error) {
    throw new CodedError('config.invalid', `${explain(error)} (npm start -- --help lists the options)`, error);
  }
}

function parseSample(value: string): Options['sample'] {
  if (value.includes('/') || /\.ya?ml$/.test(value)) return { manifest: value };
  return oneOf('sample', value, SAMPLES);
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new CodedError(
    'config.invalid',
    `--${name} ${JSON.stringify(value)} is not supported: use ${allowed.join(', ')}`,
  );
}

function parseCount(name: string, value: string, { least, most }: { least: number; most: number }): number {
  const count = Number(value);
  if (/^\d+$/.test(value) && count >= least && count <= most) return count;
  throw new CodedError(
    'config.invalid',
    `--${name} ${JSON.stringify(value)} is not a number between ${least} and ${most}`,
  );
}
