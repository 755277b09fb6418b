import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { FUNCTION, type Function } from '@openfunction/api';
import { CodedError, explain } from '@openfunction/errors';
import type { KubeClient } from '@openfunction/kube';
import { findProgram, poll, readManifests, type Say } from '@openfunction/local';
import { callLocal } from './call.ts';
import { GREETING_SAMPLES } from './greetings.ts';
import type { Options } from './options.ts';
import type { Report } from './report.ts';
import { ROOT } from './root.ts';
import { outcomeOf, stagesOf } from './stages.ts';
import type { State } from './state.ts';

/** A cold build fetches compilers and packages; beyond this something hangs. */
const MOST_MS = 20 * 60_000;
const LOOK_MS = 100;
/** A line at least this often, so that a long step never looks dead. */
const SAY_MS = 4_500;

/** Where a Function is. */
export interface FunctionKey {
  namespace: string;
  name: string;
}

/** A manifest, and the Function in it. */
export interface Sample {
  file: string;
  key: FunctionKey;
}

/** Manifests of the samples that are more than one Function, in the order in which they are applied. */
const MANIFESTS: Partial<Record<string, readonly string[]>> = { bindings: GREETING_SAMPLES };

/** The manifests of a sample. Throws `config.invalid` when there is none, or no Function in it. */
export async function readSamples(sample: Exclude<Options['sample'], 'none'>): Promise<Sample[]> {
  if (typeof sample === 'object') return [await readSample(resolve(sample.manifest))];
  const files = MANIFESTS[sample] ?? [`hello-${sample}/function.yaml`];
  return await Promise.all(files.map((file) => readSample(join(ROOT, 'samples', file))));
}

async function readSample(file: string): Promise<Sample> {
  const objects = await readManifests([file]).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new CodedError('config.invalid', `there is no manifest ${file}`, error) : error;
  });
  const found = objects.find(({ kind }) => kind === FUNCTION.kind);
  if (found === undefined) throw new CodedError('config.invalid', `${file} holds no Function`);
  const { namespace = 'default', name } = found.metadata;
  return { file, key: { namespace, name } };
}

/** Applies a manifest as a user would, with kubectl. Throws `process.failed` with what kubectl says. */
export async function applySample(file: string, state: State, say: Say): Promise<string> {
  const kubectl = await findProgram('kubectl', say);
  try {
    return (await promisify(execFile)(kubectl, ['--kubeconfig', state.kubeconfig, 'apply', '-f', file])).stdout.trim();
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new CodedError('process.failed', `kubectl apply -f ${file}: ${(stderr || explain(error)).trim()}`, error);
  }
}

/** Follows a Function and tells each stage once, until it is ready: then its URL. Throws `process.failed` with the reason when it fails. */
export async function followFunction(client: KubeClient, key: FunctionKey, report: Report): Promise<string> {
  const told = new Set<string>();
  let saidAt = Date.now();
  const tell = (subject: string, detail: string) => {
    report.line(subject, detail);
    saidAt = Date.now();
  };
  const look = async () => {
    const fn = (await client.get(FUNCTION, key)) as Function | undefined;
    if (fn === undefined) throw new CodedError('process.failed', `Function ${key.namespace}/${key.name} was deleted`);
    const stages = stagesOf(fn);
    for (const { name, message } of stages) {
      if (!told.has(name)) tell(name, message);
      told.add(name);
    }
    const last = stages.at(-1);
    if (last !== undefined && Date.now() - saidAt > SAY_MS) tell(last.name, 'still at it');
    const outcome = outcomeOf(fn);
    if (outcome?.ready === false) throw new CodedError('process.failed', `${key.name} is not ready: ${outcome.reason}`);
    return outcome === undefined ? undefined : { url: fn.status?.url };
  };
  const end = await poll(look, MOST_MS, LOOK_MS);
  if (end === undefined)
    throw new CodedError('process.failed', `${key.name} is not ready after ${MOST_MS / 60_000} min`);
  return end.url ?? '';
}

/** Calls a ready Function; its answer. Throws `process.failed` when it is not a success. */
export async function callFunction(url: string): Promise<string> {
  const { status, body } = await callLocal(url);
  if (status >= 200 && status < 300) return body;
  throw new CodedError('process.failed', `${url} answered ${status}: ${body.trim().slice(0, 500)}`);
}
