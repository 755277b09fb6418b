import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '@openfunction/errors';
import { Backoff, type Note, pause } from '@openfunction/kube';
import { rfc3339 } from '../conditions.ts';
import { ContainerLog } from '../node/container-log.ts';
import { CrashBackoff } from '../node/crash-backoff.ts';
import { FunctionProcess } from '../node/function-process.ts';
import { reservePorts } from '../node/port.ts';
import type { ProcessMarks } from '../node/process-marks.ts';
import type { ContainerStatus, DaprComponent, Pod } from '../objects.ts';
import type { Backends } from './backends.ts';
import { writeComponentFiles } from './component-folder.ts';
import { componentFile, type ReadSecret } from './components.ts';
import { type DaprdPorts, daprdArguments, daprdEnvironment, fatalWords, untilHealthy } from './daprd.ts';
import { GrpcRelay } from './grpc-relay.ts';
import { HttpRelay } from './http-relay.ts';
import type { DaprRuntime } from './runtime.ts';
import type { DaprSettings } from './settings.ts';

/*
 *   runtime is built ──► Components are written ──► daprd runs ──health──► ready
 *                          ▲ (a Secret is missing: every 5 s)  │             │
 *                          └──────── back-off ◄────exit────────┘◄────────────┘
 *                          └──────── at once  ◄────── a Component has changed
 */

export interface SidecarHost {
  runtime: DaprRuntime;
  marks: ProcessMarks;
  takenPorts: Set<number>;
  env: NodeJS.ProcessEnv;
  readSecret: ReadSecret;
  /** The Components that this sidecar loads now. */
  components(): readonly DaprComponent[];
  note(note: Note): void;
  onLogTrouble(error: unknown): void;
}

export interface SidecarOptions {
  pod: Pod;
  settings: DaprSettings;
  /** A folder of its own. */
  directory: string;
  /** Ports of the application's instances that events are sent to. */
  app: Backends;
  host: SidecarHost;
  onChange(): void;
  /** It has ended for good. */
  onEnd(): void;
}

/** Ports of a sidecar on 127.0.0.1. */
export interface SidecarPorts {
  http: number;
  grpc: number;
}

type State = ContainerStatus['state'];

export const SIDECAR = 'daprd';
export const SIDECAR_IMAGE = 'docker.io/daprio/daprd:1.16.0';
const SECRET_AGAIN_MS = 5_000;
const KILL_AFTER_MS = 8_000;

/** The Dapr runtime beside one pod: daprd as a process, kept running with the Components of the pod, until it is stopped. */
export class Sidecar {
  readonly #options: SidecarOptions;
  readonly #stopping = new AbortController();
  readonly #backoff = new CrashBackoff();
  readonly #finished: Promise<void>;
  readonly #ports = Promise.withResolvers<SidecarPorts>();
  #written = '';
  #process: FunctionProcess | undefined;
  #log: ContainerLog | undefined;
  #replaced = false;
  /** Fires when a Component changes. */
  #nudge = new AbortController();
  #ready = false;
  #restarts = 0;
  #containerId = '';
  #state: State = { waiting: { reason: 'ContainerCreating', message: '' } };
  #lastState: State = {};

  constructor(options: SidecarOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true });
    this.#finished = this.#loop().finally(() => options.onEnd());
  }

  /** Whether functions can use it. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Where its API listens; known before it does. */
  get ports(): Promise<SidecarPorts> {
    return this.#ports.promise;
  }

  get log(): ContainerLog | undefined {
    return this.#log;
  }

  get restarts(): number {
    return this.#restarts;
  }

  logPath(restarts: number): string {
    return join(this.#options.directory, `${restarts}.log`);
  }

  /** As a kubelet would report its container. */
  status(): ContainerStatus {
    return {
      name: SIDECAR,
      image: SIDECAR_IMAGE,
      imageID: '',
      ...(this.#containerId && { containerID: `process://${this.#containerId}` }),
      ready: this.#ready,
      started: this.#state.running !== undefined,
      restartCount: this.#restarts,
      state: this.#state,
      lastState: this.#lastState,
    };
  }

  /** Why it is not ready, in words for the pod. */
  get trouble(): { reason: string; message: string } {
    const { waiting } = this.#state;
    const ended = this.#state.terminated ?? this.#lastState.terminated;
    if (waiting !== undefined && waiting.reason !== 'CrashLoopBackOff' && waiting.reason !== 'ContainerCreating') {
      return waiting;
    }
    if (ended !== undefined) return { reason: 'DaprFailed', message: `The Dapr runtime ended: ${ended.message ?? ''}` };
    return { reason: 'DaprStarting', message: 'The Dapr runtime of this pod is starting.' };
  }

  /** Components have changed: daprd is started again if they are others than it has loaded. */
  async refresh(): Promise<void> {
    this.#nudge.abort();
    if (this.#process === undefined || this.#replaced || this.#stopping.signal.aborted) return;
    const texts = await this.#texts().catch(() => undefined); // what is missing is said when it starts again
    if (texts !== undefined && JSON.stringify(texts) === this.#written) return;
    this.#replaced = true;
    await this.#process?.stop(KILL_AFTER_MS);
  }

  /** Ends daprd; killed when it has not ended after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#process?.stop(graceMs);
    await this.#finished;
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopping;
    const ground = await this.#keepTrying(signal, () => this.#prepare());
    if (ground === undefined) return;
    this.#ports.resolve(ground.ports);
    while (!signal.aborted) await this.#keepTrying(signal, () => this.#turn(ground.ports));
    ground.relay.stop();
    for (const port of Object.values(ground.ports)) this.#options.host.takenPorts.delete(port);
  }

  /** Trouble of this machine (a full disk, no port) is said, and it goes on when it is over. Undefined when it is stopped first. */
  async #keepTrying<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
    const backoff = new Backoff(1_000, 30_000);
    while (!signal.aborted) {
      try {
        return await work();
      } catch (error) {
        this.#wait('DaprNotStarted', explain(error));
        await pause(backoff.next(), signal);
      }
    }
    return undefined;
  }

  /** Ports of its own, and the relay on which daprd finds the application, whatever instances it has. */
  async #prepare(): Promise<{ ports: DaprdPorts; relay: GrpcRelay | HttpRelay }> {
    const { settings, app, host } = this.#options;
    const [http = 0, grpc = 0, internal = 0, metrics = 0, appPort = 0] = await reservePorts(5, host.takenPorts);
    const relay = settings.protocol === 'grpc' ? new GrpcRelay(app) : new HttpRelay(app);
    await relay.listen(appPort);
    return { ports: { http, grpc, internal, metrics, app: appPort }, relay };
  }

  /** Everything that one run of daprd needs, and the run. */
  async #turn(ports: DaprdPorts): Promise<void> {
    const { signal } = this.#stopping;
    const { runtime } = this.#options.host;
    const program = await runtime.program((reason, message) => this.#wait(reason, message), signal);
    if (program === undefined || !(await this.#writeComponents(signal)) || signal.aborted) return;
    const { settings, directory } = this.#options;
    const flags = daprdArguments(settings, ports, componentFolder(directory));
    const ranMs = await this.#run([program, ...flags], ports.http);
    if (signal.aborted) return;
    const wait = this.#replaced ? 0 : this.#backoff.after(ranMs);
    if (wait > 0) this.#crashed(wait);
    await this.#pause(wait);
    if (!this.#replaced) this.#restarts += 1;
    this.#replaced = false;
  }

  async #run(command: string[], http: number): Promise<number> {
    const { host, pod, directory } = this.#options;
    const log = new ContainerLog(this.logPath(this.#restarts), host.onLogTrouble);
    this.#log = log;
    this.#containerId = randomUUID().replaceAll('-', '');
    const started = new FunctionProcess({
      command,
      env: daprdEnvironment(pod, directory, host.env),
      directory,
      log,
      marks: host.marks,
    });
    this.#process = started;
    this.#set({ running: { startedAt: rfc3339(started.startedAt) } });
    const over = new AbortController();
    void started.ended.then(() => over.abort());
    void this.refresh(); // a Component may have changed while its file was written
    if (await untilHealthy(http, over.signal)) this.#open();
    const exit = await started.ended;
    this.#process = undefined;
    this.#ready = false;
    const message = exit.trouble ?? fatalWords(log.lastWords());
    const finishedAt = rfc3339(new Date());
    const reason = exit.code === 0 ? 'Completed' : 'Error';
    this.#set({
      terminated: { exitCode: exit.code, reason, message, startedAt: rfc3339(started.startedAt), finishedAt },
    });
    return Date.now() - started.startedAt.getTime();
  }

  /** Waits, but not longer than until a Component changes. */
  async #pause(ms: number): Promise<void> {
    this.#nudge = new AbortController();
    await pause(ms, AbortSignal.any([this.#nudge.signal, this.#stopping.signal]));
  }

  #open(): void {
    this.#ready = true;
    this.#options.onChange();
  }

  #crashed(wait: number): void {
    this.#lastState = this.#state;
    const { message } = this.trouble;
    this.#wait(
      'CrashLoopBackOff',
      `back-off ${wait / 1000} s before container ${SIDECAR} is started again: ${message}`,
    );
    this.#options.host.note({ type: 'Warning', reason: 'DaprFailed', message, action: 'Run', occasion: 'dapr' });
  }

  #wait(reason: string, message: string): void {
    if (this.#state.waiting?.reason === reason && this.#state.waiting.message === message) return;
    this.#set({ waiting: { reason, message } });
    if (reason !== 'DaprBuilding') return;
    this.#options.host.note({ type: 'Normal', reason, message, action: 'Run', occasion: reason });
  }

  #set(state: State): void {
    this.#state = state;
    this.#options.onChange();
  }

  /** Writes the Components that daprd is to load; again and again while one cannot be written. False when it is stopped. */
  async #writeComponents(signal: AbortSignal): Promise<boolean> {
    const folder = componentFolder(this.#options.directory);
    while (!signal.aborted) {
      try {
        const texts = await this.#texts();
        await writeComponentFiles(folder, texts);
        this.#written = JSON.stringify(texts);
        return true;
      } catch (error) {
        this.#wait('ComponentNotLoaded', explain(error));
        await this.#pause(SECRET_AGAIN_MS);
      }
    }
    return false;
  }

  /** What to write, by name of the Component. */
  async #texts(): Promise<[string, string][]> {
    const { host } = this.#options;
    return await Promise.all(
      host.components().map(async (each): Promise<[string, string]> => {
        return [each.metadata.name, await componentFile(each, host.readSecret)];
      }),
    );
  }
}

function componentFolder(directory: string): string {
  return join(directory, 'components');
}
