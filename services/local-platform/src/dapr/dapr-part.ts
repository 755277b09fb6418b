import { join } from 'node:path';
import type { Change, KubeClient, Note, Store } from '@openfunction/kube';
import type { PodRun } from '../node/pod-status.ts';
import type { ProcessMarks } from '../node/process-marks.ts';
import type { DaprLink, Runner } from '../node/runner.ts';
import type { DaprComponent, Pod } from '../objects.ts';
import { Backends } from './backends.ts';
import { componentsFor, secretsOf } from './components.ts';
import { proxyLink, sidecarLink } from './links.ts';
import { ProxyRunner } from './proxy-runner.ts';
import type { DaprRuntime } from './runtime.ts';
import { Serving } from './servings.ts';
import { isProxy, readDapr, servingOf, usesProxy } from './settings.ts';
import { Sidecar } from './sidecar.ts';

export interface DaprPartOptions {
  client: KubeClient;
  /** Dapr Components. */
  components: Store;
  runtime: DaprRuntime;
}

/** What the node lends to sidecars. */
export interface SidecarGround {
  marks: ProcessMarks;
  takenPorts: Set<number>;
  env: NodeJS.ProcessEnv;
  note(pod: Pod, note: Note): void;
  onLogTrouble(error: unknown): void;
}

/** Dapr on this machine: gives pods what they need of it. */
export class DaprPart {
  readonly #options: DaprPartOptions;
  readonly #sidecars = new Map<Sidecar, Pod>();
  readonly #servings = new Map<string, Serving>();

  constructor(options: DaprPartOptions) {
    this.#options = options;
  }

  /** Components of a namespace have changed: its sidecars look whether that concerns them. */
  onComponent({ object }: Change): void {
    for (const [sidecar, pod] of this.#sidecars) {
      if (pod.metadata.namespace === object.metadata.namespace) void sidecar.refresh();
    }
  }

  /** What the function of this pod needs of Dapr; undefined when it needs nothing. */
  link(pod: Pod, directory: string, ground: SidecarGround, onChange: () => void): DaprLink | undefined {
    if (usesProxy(pod)) return proxyLink(pod, this.#serving(servingOf(pod), ground));
    if (readDapr(pod) === undefined) return undefined;
    const app = new Backends();
    return sidecarLink(pod, this.#makeSidecar(pod, directory, app, ground, onChange), app);
  }

  /** The runner of a proxy pod; undefined when the pod is none. */
  proxy(
    pod: Pod,
    directory: string,
    ground: SidecarGround,
    onChange: (runner: { run: PodRun }) => void,
  ): Runner | undefined {
    if (!isProxy(pod)) return undefined;
    const serving = this.#serving(servingOf(pod), ground);
    return new ProxyRunner({
      pod,
      directory,
      serving,
      makeSidecar: (changed) => this.#makeSidecar(pod, directory, serving.functions, ground, changed),
      onChange,
      onLogTrouble: ground.onLogTrouble,
    });
  }

  #makeSidecar(pod: Pod, directory: string, app: Backends, ground: SidecarGround, onChange: () => void): Sidecar {
    const { client, components, runtime } = this.#options;
    const settings = readDapr(pod);
    if (settings === undefined) throw new Error(`pod ${pod.metadata.name} has no Dapr sidecar`);
    const sidecar = new Sidecar({
      pod,
      settings,
      directory: join(directory, 'dapr'),
      app,
      onChange,
      onEnd: () => this.#sidecars.delete(sidecar),
      host: {
        ...ground,
        runtime,
        note: (note) => ground.note(pod, note),
        readSecret: secretsOf(client, pod.metadata.namespace ?? ''),
        components: () => componentsFor(pod, settings.appId, servingOf(pod), components.list() as DaprComponent[]),
      },
    });
    this.#sidecars.set(sidecar, pod);
    return sidecar;
  }

  #serving(key: string, { takenPorts }: SidecarGround): Serving {
    for (const [other, serving] of this.#servings) if (serving.unused && other !== key) this.#servings.delete(other);
    const serving = this.#servings.get(key) ?? new Serving(takenPorts);
    this.#servings.set(key, serving);
    return serving;
  }
}
