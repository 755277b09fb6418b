import { join } from 'node:path';
import { rfc3339 } from '../conditions.ts';
import { ContainerLog } from '../node/container-log.ts';
import type { PodRun } from '../node/pod-status.ts';
import type { ContainerLogs, Runner } from '../node/runner.ts';
import type { Container, Pod } from '../objects.ts';
import { sidecarLogs } from './links.ts';
import type { Serving } from './servings.ts';
import type { Sidecar } from './sidecar.ts';

export interface ProxyRunnerOptions {
  pod: Pod;
  directory: string;
  serving: Serving;
  makeSidecar(onChange: () => void): Sidecar;
  onChange(runner: ProxyRunner): void;
  onLogTrouble(error: unknown): void;
}

/**
 * Plays a pod of OpenFunction's Dapr proxy: a sidecar whose application are the functions of one Serving. The proxy itself is
 * a relay inside the platform; its container is as ready as the sidecar.
 */
export class ProxyRunner implements Runner {
  readonly pod: Pod;
  readonly directory: string;
  readonly #options: ProxyRunnerOptions;
  readonly #container: Container;
  readonly #log: ContainerLog;
  readonly #sidecar: Sidecar;
  readonly #acceptedAt = new Date();
  #run: PodRun;
  #stopped = false;

  constructor(options: ProxyRunnerOptions) {
    this.#options = options;
    this.pod = options.pod;
    this.directory = options.directory;
    this.#container = options.pod.spec.containers[0] as Container;
    this.#log = new ContainerLog(this.#logPath(0), options.onLogTrouble);
    options.serving.use();
    this.#sidecar = options.makeSidecar(() => this.#changed());
    this.#run = this.#look();
    this.#changed();
  }

  get uid(): string {
    return this.pod.metadata.uid ?? '';
  }

  get run(): PodRun {
    return this.#run;
  }

  logs(container: string): ContainerLogs | undefined {
    if (container !== this.#container.name) return sidecarLogs(this.#sidecar, container);
    return { current: this.#log, restarts: 0, path: (restarts) => this.#logPath(restarts) };
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#options.serving.removeProxy(this.uid);
    await this.#sidecar.stop(graceMs);
    this.#options.serving.leave();
    this.#log.end();
  }

  #changed(): void {
    // The sidecar's first news may come while it is being made.
    if (this.#stopped || this.#sidecar === undefined) return;
    const before = this.#run?.ready;
    this.#run = this.#look();
    if (before !== this.#run.ready) this.#log.write('stdout', `${sentence(this.#run)}\n`);
    void this.#options.serving.setProxy(this.uid, this.#sidecar);
    this.#options.onChange(this);
  }

  #look(): PodRun {
    const { ready, trouble } = this.#sidecar;
    const startedAt = rfc3339(this.#acceptedAt);
    return {
      container: this.#container,
      imageId: '',
      containerId: `process://${this.uid}`,
      ready,
      restarts: 0,
      state: ready ? { running: { startedAt } } : { waiting: trouble },
      lastState: {},
      acceptedAt: this.#acceptedAt,
      sidecar: this.#sidecar.status(),
    };
  }

  #logPath(restarts: number): string {
    return join(this.directory, `${restarts}.log`);
  }
}

function sentence({ ready, state }: PodRun): string {
  return ready
    ? 'passes events on to the ready functions of this Serving'
    : `passes no events on: ${state.waiting?.message}`;
}
