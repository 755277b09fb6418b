import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CodedError } from '@openfunction/errors';
import { tryLock } from '@openfunction/local';

/** The folder that holds all that `npm start` keeps, and where in it. */
export interface State {
  directory: string;
  /** Kubeconfig of the administrator. */
  kubeconfig: string;
  /** One file for each process. */
  logs: string;
  /** Credentials of each service. */
  identities: string;
  /** Certificates, etcd, Redis, notes of the local platform. */
  data: string;
  controlPlane: string;
  images: string;
  /** Bare Git repository of the samples. */
  sourceRepository: string;
  release: () => Promise<void>;
}

const LOCK = 'lock';
/** Held by others while they work: never taken away under them. */
const KEPT = new Set([LOCK, 'packages.lock']);

/**
 * Takes the state folder for this run. Logs and the API server's data of an earlier run are removed: a cluster is cheap to
 * make, and one that remembers ports and pods of yesterday is not safe to wake. Certificates, images and the Git repository
 * stay. Throws `process.failed` when another run has the folder.
 */
export async function openState(folder: string, options: { reset: boolean }): Promise<State> {
  const directory = resolve(folder);
  await mkdir(directory, { recursive: true });
  const lock = await tryLock(join(directory, LOCK), 'running npm start');
  if (lock.release === undefined) {
    const { pid } = lock.holder;
    throw new CodedError(
      'process.failed',
      `${directory} is in use by another npm start (process ${pid}): stop that one, or choose another folder with --state`,
    );
  }
  const state = layout(directory, lock.release);
  const outdated = options.reset ? await entriesOf(directory) : yesterdays(state);
  for (const path of outdated) await rm(path, { recursive: true, force: true });
  return state;
}

function layout(directory: string, release: () => Promise<void>): State {
  const data = join(directory, 'data');
  return {
    directory,
    kubeconfig: join(directory, 'kubeconfig'),
    logs: join(directory, 'logs'),
    identities: join(directory, 'identities'),
    data,
    controlPlane: join(data, 'control-plane'),
    images: join(directory, 'images'),
    sourceRepository: join(directory, 'source.git'),
    release,
  };
}

function yesterdays(state: State): string[] {
  const { controlPlane } = state;
  return [state.logs, state.kubeconfig, state.identities, join(controlPlane, 'etcd'), join(controlPlane, 'audit.log')];
}

async function entriesOf(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names.filter((name) => !KEPT.has(name)).map((name) => join(directory, name));
}
