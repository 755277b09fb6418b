import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { POD } from '@openfunction/api';
import { explain } from '@openfunction/errors';
import { type Change, type KubeClient, type Note, recordEvent, type Store } from '@openfunction/kube';
import type { Logger } from '@openfunction/telemetry';
import type { DaprPart, SidecarGround } from '../dapr/dapr-part.ts';
import { readDapr } from '../dapr/settings.ts';
import { revisionKeyOf } from '../knative/revision-reconciler.ts';
import { MANAGER, NODE_NAME } from '../names.ts';
import type { Pod } from '../objects.ts';
import { keyOf } from '../objects.ts';
import type { TrafficTable } from '../traffic/traffic-table.ts';
import { WorkLoop } from '../work-loop.ts';
import { PodRunner, type RunnableImage, type RunnerHost } from './pod-runner.ts';
import type { PodRun } from './pod-status.ts';
import { ProcessMarks } from './process-marks.ts';
import type { Runner } from './runner.ts';
import { bindPod, isUnscheduled } from './scheduler.ts';
import { showSidecar } from './sidecar-container.ts';
import { StatusWriter } from './status-writer.ts';

export interface LocalNodeOptions {
  client: KubeClient;
  pods: Store;
  images: { resolve(reference: string): Promise<RunnableImage | undefined> };
  traffic: TrafficTable;
  dapr: DaprPart;
  /** Folder for logs and notes about running processes. */
  directory: string;
  env: NodeJS.ProcessEnv;
  logger: Logger;
}

interface RunningPod {
  runner: Runner;
  writer: StatusWriter;
}

/** Ending a pod takes as long as its function wants: many may be under way. */
const MOST_AT_ONCE = 200;
const DEFAULT_GRACE_SECONDS = 30;
/** How long functions have to end when the platform itself ends. */
const SHUTDOWN_GRACE_MS = 3_000;

/** The node: takes every pending pod, runs its function as a process, says how it is, and ends it when the pod is deleted. */
export class LocalNode {
  readonly #options: LocalNodeOptions;
  readonly #marks: ProcessMarks;
  readonly #running = new Map<string, RunningPod>();
  readonly #loop: WorkLoop;
  readonly #ground: SidecarGround;
  readonly #host: RunnerHost;

  constructor(options: LocalNodeOptions) {
    this.#options = options;
    this.#marks = new ProcessMarks(join(options.directory, 'processes'));
    this.#loop = new WorkLoop({
      name: 'pods',
      run: (key) => this.#reconcile(key),
      logger: options.logger,
      concurrency: MOST_AT_ONCE,
    });
    this.#ground = this.#makeGround();
    this.#host = this.#makeHost();
  }

  /** Ends what an earlier run of the platform left, then takes care of all pods there are. */
  async start(): Promise<void> {
    const ended = await this.#marks.endLeftovers();
    if (ended > 0) this.#options.logger.warn({ processes: ended }, 'ended function processes of an earlier run');
    this.#sweepFolders();
    this.#loop.start();
  }

  /** A pod has changed. */
  onChange(change: Change): void {
    this.#loop.add(keyOf(change.object));
  }

  /** Ends all functions. Their pods stay, and are started again with the platform. */
  async stop(): Promise<void> {
    this.#loop.stop();
    const all = [...this.#running.values()];
    await Promise.all(all.map(({ writer }) => writer.stop()));
    await Promise.all(all.map(({ runner }) => runner.stop(SHUTDOWN_GRACE_MS)));
  }

  /** The runner of the pod `namespace/name`, for its logs. */
  find(key: string): Runner | undefined {
    const uid = this.#options.pods.get(key)?.metadata.uid;
    return uid === undefined ? undefined : this.#running.get(uid)?.runner;
  }

  /** A pod may be replaced by a namesake: work is by name, runners by uid. */
  async #reconcile(key: string): Promise<void> {
    const pod = this.#options.pods.get(key) as Pod | undefined;
    for (const [uid, { runner }] of this.#running) {
      if (keyOf(runner.pod) === key && uid !== pod?.metadata.uid) await this.#end(runner, 0);
    }
    if (pod === undefined) return;
    if (isUnscheduled(pod)) await this.#accept(pod);
    else if (pod.spec.nodeName === NODE_NAME) await this.#keep(pod);
  }

  async #accept(pod: Pod): Promise<void> {
    if (this.#running.has(pod.metadata.uid ?? '')) return;
    if (!(await bindPod(this.#options.client, pod))) return;
    this.#run(pod);
    const message = `Successfully assigned ${keyOf(pod)} to ${NODE_NAME}`;
    this.#note(pod, { type: 'Normal', reason: 'Scheduled', action: 'Binding', message, occasion: 'scheduled' });
  }

  async #keep(pod: Pod): Promise<void> {
    const uid = pod.metadata.uid ?? '';
    const running = this.#running.get(uid);
    if (pod.metadata.deletionTimestamp !== undefined) return await this.#remove(pod, running?.runner);
    const over = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (running === undefined && !over) this.#run(pod);
  }

  #run(pod: Pod): void {
    const { client, logger, directory } = this.#options;
    const writer = new StatusWriter(client, pod, logger);
    const uid = pod.metadata.uid ?? '';
    const folder = join(directory, 'pods', uid);
    const runner = this.#makeRunner(pod, folder, writer);
    this.#running.set(uid, { runner, writer });
    if (readDapr(pod) !== undefined) void this.#showSidecar(pod);
    logger.info({ pod: keyOf(pod) }, 'pod accepted');
  }

  #makeRunner(pod: Pod, folder: string, writer: StatusWriter): Runner {
    const onChange = ({ run }: { run: PodRun }) => writer.set(run);
    const proxy = this.#options.dapr.proxy(pod, folder, this.#ground, onChange);
    return proxy ?? new PodRunner(pod, folder, { ...this.#host, onChange });
  }

  /** A sidecar that nobody put into the pod's spec: as an ephemeral container it has a status, and logs for kubectl. */
  async #showSidecar(pod: Pod): Promise<void> {
    try {
      await showSidecar(this.#options.client, pod);
    } catch (error) {
      this.#options.logger.warn({ pod: keyOf(pod), error: explain(error) }, 'Dapr sidecar not shown in its pod');
    }
  }

  async #remove(pod: Pod, runner: Runner | undefined): Promise<void> {
    const grace = (pod.metadata as { deletionGracePeriodSeconds?: number }).deletionGracePeriodSeconds;
    if (runner !== undefined) await this.#end(runner, (grace ?? DEFAULT_GRACE_SECONDS) * 1000);
    const { namespace, name, uid } = pod.metadata;
    await this.#options.client.delete(POD, { namespace, name }, { ...(uid && { uid }), gracePeriodSeconds: 0 });
  }

  async #end(runner: Runner, graceMs: number): Promise<void> {
    const writer = this.#running.get(runner.uid)?.writer;
    await writer?.stop();
    await runner.stop(graceMs);
    this.#running.delete(runner.uid);
    rmSync(runner.directory, { recursive: true, force: true });
    this.#options.logger.info({ pod: keyOf(runner.pod) }, 'pod ended');
  }

  /** Folders of pods that are gone. */
  #sweepFolders(): void {
    const root = join(this.#options.directory, 'pods');
    mkdirSync(root, { recursive: true });
    const present = new Set(this.#options.pods.list().map(({ metadata }) => metadata.uid));
    for (const uid of readdirSync(root)) {
      if (!present.has(uid)) rmSync(join(root, uid), { recursive: true, force: true });
    }
  }

  #makeGround(): SidecarGround {
    const { env, logger } = this.#options;
    return {
      marks: this.#marks,
      takenPorts: new Set(),
      env,
      note: (pod, note) => this.#note(pod, note),
      onLogTrouble: (error) => logger.error({ error: explain(error) }, 'a line of a log is lost'),
    };
  }

  #makeHost(): RunnerHost {
    const { images, traffic, dapr, directory } = this.#options;
    return {
      ...this.#ground,
      images,
      dapr: (pod, onChange) => dapr.link(pod, join(directory, 'pods', pod.metadata.uid ?? ''), this.#ground, onChange),
      door: (pod) => {
        const revision = revisionKeyOf(pod);
        return revision === undefined ? undefined : traffic.of(revision);
      },
      onChange: () => undefined,
    };
  }

  #note(pod: Pod, note: Note): void {
    const { client, logger } = this.#options;
    recordEvent(client, MANAGER, pod, note, new Date()).catch((error: unknown) => {
      logger.warn({ pod: keyOf(pod), error: explain(error) }, 'event not written');
    });
  }
}
