import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '@openfunction/errors';
import { Backoff, type Note, pause } from '@openfunction/kube';
import { rfc3339 } from '../conditions.ts';
import { pinned, servingContainer } from '../knative/resources.ts';
import { imageMissing } from '../knative/revision-status.ts';
import type { Container, ContainerState, Pod, TerminatedState } from '../objects.ts';
import type { RevisionTraffic } from '../traffic/revision-traffic.ts';
import { ContainerLog } from './container-log.ts';
import { CrashBackoff } from './crash-backoff.ts';
import { makeEnvironment } from './environment.ts';
import { type Exit, FunctionProcess } from './function-process.ts';
import { isRestarted, type PodRun } from './pod-status.ts';
import { pickPort } from './port.ts';
import type { ProcessMarks } from './process-marks.ts';
import { awaitReady } from './readiness.ts';
import type { ContainerLogs, DaprLink, Runner } from './runner.ts';

/*
 *   looking for image ◄─┐ (not found: every 2 s and longer)
 *          │ found      │
 *          ▼            │
 *   Dapr answers        │        (when the function needs it)
 *          ▼            │
 *       running ──exit──► waiting (back-off) ──► looking for image
 *          │ probe answers                   └─► ended, when the restart policy says so
 *          ▼
 *        ready ──pod deleted──► draining ──► SIGTERM ──► (SIGKILL) ──► gone
 */

/** An image of the local store, as far as running it goes. */
export interface RunnableImage {
  digest: string;
  command: string[];
  env: Record<string, string>;
  directory: string;
}

export interface RunnerHost {
  images: { resolve(reference: string): Promise<RunnableImage | undefined> };
  marks: ProcessMarks;
  takenPorts: Set<number>;
  env: NodeJS.ProcessEnv;
  /** The door through which requests come to this pod, when it belongs to a revision. */
  door(pod: Pod): RevisionTraffic | undefined;
  /** What the pod's function needs of Dapr, if anything. */
  dapr(pod: Pod, onChange: () => void): DaprLink | undefined;
  onChange(runner: PodRunner): void;
  note(pod: Pod, note: Note): void;
  onLogTrouble(error: unknown): void;
}

/** What one run of a function's process begins with. */
interface Start {
  image: RunnableImage;
  /** The port on 127.0.0.1 that it has to listen on. */
  port: number;
  /** Variables of what runs beside it. */
  beside: Record<string, string>;
}

const IMAGE_FIRST_MS = 2_000;
const IMAGE_LONGEST_MS = 30_000;

/** Runs one pod's function as a process, again and again as its restart policy says, until it is stopped. */
export class PodRunner implements Runner {
  readonly pod: Pod;
  readonly directory: string;
  readonly #host: RunnerHost;
  readonly #container: Container;
  readonly #door: RevisionTraffic | undefined;
  readonly #dapr: DaprLink | undefined;
  readonly #stopping = new AbortController();
  readonly #backoff = new CrashBackoff();
  readonly #finished: Promise<void>;
  #run: PodRun;
  #process: FunctionProcess | undefined;
  #log: ContainerLog | undefined;

  constructor(pod: Pod, directory: string, host: RunnerHost) {
    const container = servingContainer(pod.spec.containers);
    if (container === undefined) throw new Error(`pod ${pod.metadata.name} has no container`);
    this.pod = pod;
    this.directory = directory;
    this.#host = host;
    this.#container = container;
    this.#door = host.door(pod);
    this.#run = initialRun(pod, container);
    mkdirSync(join(directory, 'home'), { recursive: true });
    this.#dapr = host.dapr(pod, () => this.#update({}));
    this.#finished = this.#loop();
  }

  get uid(): string {
    return this.pod.metadata.uid ?? '';
  }

  /** What is known of the pod now; a new object at each change. */
  get run(): PodRun {
    return this.#run;
  }

  logs(container: string): ContainerLogs | undefined {
    if (container !== this.#container.name) return this.#dapr?.logs(container);
    return { current: this.#log, restarts: this.#run.restarts, path: (restarts) => this.#logPath(restarts) };
  }

  /** Ends the function: no new requests, those under way answered, SIGTERM, and SIGKILL when `graceMs` is over. */
  async stop(graceMs: number): Promise<void> {
    const begun = Date.now();
    this.#stopping.abort();
    const over = new AbortController();
    const drained = this.#door?.drainInstance(this.uid) ?? Promise.resolve();
    const gone = this.#process?.ended ?? Promise.resolve();
    await Promise.race([drained, gone, pause(graceMs, over.signal)]);
    over.abort();
    this.#dapr?.closed();
    await this.#process?.stop(Math.max(500, graceMs - (Date.now() - begun)));
    await this.#dapr?.stop(Math.max(500, graceMs - (Date.now() - begun)));
    await this.#finished;
  }

  /** Trouble of this machine (a full disk, no port) is said in the pod's status, and it goes on when it is over. */
  async #loop(): Promise<void> {
    const { signal } = this.#stopping;
    const backoff = new Backoff(1_000, 30_000);
    while (!signal.aborted) {
      try {
        if (!(await this.#turn(signal))) return;
        backoff.reset();
      } catch (error) {
        this.#update({ ready: false, state: { waiting: { reason: 'RunContainerError', message: explain(error) } } });
        await pause(backoff.next(), signal);
      }
    }
  }

  /** Finds the image, runs it once, and waits as long as the next run has to. False when there is none. */
  async #turn(signal: AbortSignal): Promise<boolean> {
    const image = await this.#awaitImage(signal);
    if (image === undefined) return false;
    const beside = await this.#awaitDapr(signal);
    if (beside === undefined) return false;
    const ended = await this.#runOnce(image, beside);
    if (signal.aborted || !isRestarted(this.pod, ended.state.exitCode)) return false;
    await this.#waitBeforeRestart(ended.ranMs, ended.state, signal);
    this.#update({ restarts: this.#run.restarts + 1 }, false);
    return true;
  }

  async #awaitImage(signal: AbortSignal): Promise<RunnableImage | undefined> {
    const reference = this.#container.image ?? '';
    for (let wait = IMAGE_FIRST_MS; !signal.aborted; wait = Math.min(IMAGE_LONGEST_MS, wait * 2)) {
      const image = await this.#host.images.resolve(reference);
      if (image !== undefined) return signal.aborted ? undefined : image;
      const waiting = { reason: 'ImageNotFound', message: imageMissing(reference) };
      this.#update({ state: { waiting } });
      this.#note('Warning', 'ImageNotFound', waiting.message, 'image');
      await pause(wait, signal);
    }
    return undefined;
  }

  /** The variables by which the function finds Dapr, once that answers; none when it needs none. */
  async #awaitDapr(signal: AbortSignal): Promise<Record<string, string> | undefined> {
    if (this.#dapr === undefined) return {};
    return await this.#dapr.connect((reason, message) => {
      const { waiting } = this.#run.state;
      if (waiting?.reason !== reason || waiting.message !== message)
        this.#update({ state: { waiting: { reason, message } } });
    }, signal);
  }

  /** One run of the process, from start to end. */
  async #runOnce(
    image: RunnableImage,
    beside: Record<string, string>,
  ): Promise<{ state: TerminatedState; ranMs: number }> {
    const { takenPorts } = this.#host;
    const port = await pickPort(takenPorts);
    takenPorts.add(port);
    const containerId = randomUUID().replaceAll('-', '');
    this.#log = new ContainerLog(this.#logPath(this.#run.restarts), this.#host.onLogTrouble);
    const imageId = pinned(this.#container.image ?? '', image.digest);
    this.#update({ imageId, containerId: `process://${containerId}` }, false);
    const startedAt = new Date();
    const exit = await this.#execute({ image, port, beside }, this.#log);
    takenPorts.delete(port);
    const state = terminated(exit, startedAt, this.#log.lastWords(), containerId);
    this.#update({ ready: false, state: { terminated: state } });
    return { state, ranMs: Date.now() - startedAt.getTime() };
  }

  async #execute(start: Start, log: ContainerLog): Promise<Exit> {
    const { port } = start;
    const started = this.#stopping.signal.aborted ? { code: 0 } : this.#start(start, log);
    if (!(started instanceof FunctionProcess)) {
      log.end();
      return started;
    }
    this.#process = started;
    this.#update({ state: { running: { startedAt: rfc3339(started.startedAt) } } });
    const over = new AbortController();
    void started.ended.then(() => over.abort());
    const ready = await awaitReady(this.#container, port, AbortSignal.any([over.signal, this.#stopping.signal]));
    if (ready) this.#opened(port);
    const exit = await started.ended;
    this.#process = undefined;
    this.#dapr?.closed();
    this.#door?.removeInstance(this.uid);
    return exit;
  }

  #start({ image, port, beside }: Start, log: ContainerLog): FunctionProcess | Exit {
    const { env: host, marks } = this.#host;
    const { command = [], args = [], env: container = [], workingDir } = this.#container;
    try {
      const home = join(this.directory, 'home');
      const env = makeEnvironment({ pod: this.pod, image: image.env, container, port, home, beside, host });
      if ((this.#container.envFrom?.length ?? 0) > 0) throw new Error('envFrom is not offered by the local platform.');
      const program = command.length > 0 ? command : image.command;
      return new FunctionProcess({
        command: [...program, ...args],
        env,
        directory: workingDir ?? image.directory,
        log,
        marks,
      });
    } catch (error) {
      return { code: 128, trouble: explain(error) };
    }
  }

  #opened(port: number): void {
    this.#update({ ready: true });
    this.#door?.addInstance(this.uid, port);
    this.#dapr?.opened(port);
    this.#note('Normal', 'Started', `Started container ${this.#container.name}`, `start ${this.#run.restarts}`);
  }

  async #waitBeforeRestart(ranMs: number, last: TerminatedState, signal: AbortSignal): Promise<void> {
    const wait = this.#backoff.after(ranMs);
    const lastState = { terminated: last };
    this.#update({ lastState }, false);
    if (wait === 0) return;
    const message = `back-off ${wait / 1000} s before container ${this.#container.name} is started again`;
    this.#update({ state: { waiting: { reason: 'CrashLoopBackOff', message } }, lastState });
    this.#note(
      'Warning',
      'BackOff',
      `Container ${this.#container.name} ended with exit code ${last.exitCode} and is started again and again`,
      'back-off',
    );
    await pause(wait, signal);
  }

  #logPath(restarts: number): string {
    return join(this.directory, `${restarts}.log`);
  }

  #update(change: Partial<PodRun>, tell = true): void {
    this.#run = { ...this.#run, ...change, ...this.#dapr?.sidecar };
    if (tell) this.#host.onChange(this);
  }

  #note(type: Note['type'], reason: string, message: string, occasion: string): void {
    this.#host.note(this.pod, { type, reason, message, action: 'Run', occasion });
  }
}

/** Where a pod begins: from nothing, or after a platform that ended while it ran. */
function initialRun(pod: Pod, container: Container): PodRun {
  const before = pod.status?.containerStatuses?.find(({ name }) => name === container.name);
  const lost = before?.state.running === undefined ? undefined : lostRun(before.state.running.startedAt);
  return {
    container,
    imageId: before?.imageID ?? '',
    containerId: before?.containerID ?? '',
    ready: false,
    restarts: before?.containerID === undefined ? 0 : before.restartCount + 1,
    state: { waiting: { reason: 'ContainerCreating', message: '' } },
    lastState: lost ?? before?.lastState ?? {},
    acceptedAt: new Date(),
  };
}

function lostRun(startedAt: string): ContainerState {
  const message = 'The local platform was started again.';
  return {
    terminated: { exitCode: 137, reason: 'PlatformRestarted', message, startedAt, finishedAt: rfc3339(new Date()) },
  };
}

function terminated(
  exit: Exit,
  startedAt: Date,
  lastWords: string,
  containerId: string,
): TerminatedState & { containerID: string } {
  const failed = exit.code !== 0;
  const message = exit.trouble ?? (failed ? lastWords : '');
  return {
    exitCode: exit.code,
    reason: exit.trouble === undefined ? (failed ? 'Error' : 'Completed') : 'StartError',
    ...(message !== '' && { message }),
    startedAt: rfc3339(startedAt),
    finishedAt: rfc3339(new Date()),
    containerID: `process://${containerId}`,
  };
}
