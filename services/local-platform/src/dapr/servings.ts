import { reservePorts } from '../node/port.ts';
import { Backends } from './backends.ts';
import { Relay } from './relay.ts';
import type { Sidecar, SidecarPorts } from './sidecar.ts';

interface Door {
  ports: SidecarPorts;
  relays: Relay[];
}

/**
 * One Serving in standalone mode: its functions and its proxies run in pods of their own, and find each other here. Two ports
 * stand in the place of the Service that leads to the proxy: they stay the same while proxies come and go.
 */
export class Serving {
  /** Functions that take events. */
  readonly functions = new Backends();
  readonly #http = new Backends();
  readonly #grpc = new Backends();
  readonly #proxies = new Map<string, Sidecar>();
  readonly #takenPorts: Set<number>;
  #users = 0;
  #door: Promise<Door> | undefined;

  constructor(takenPorts: Set<number>) {
    this.#takenPorts = takenPorts;
  }

  get unused(): boolean {
    return this.#users === 0;
  }

  /** Somebody needs it from now on. */
  use(): void {
    this.#users += 1;
  }

  /** Somebody no longer does; the last one closes the door. */
  leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    const door = this.#door;
    this.#door = undefined;
    void door?.then(
      ({ ports, relays }) => {
        for (const relay of relays) relay.stop();
        for (const port of Object.values(ports)) this.#takenPorts.delete(port);
      },
      () => undefined, // whoever asked for the door has heard why there is none
    );
  }

  /** A proxy, ready or not. */
  async setProxy(uid: string, sidecar: Sidecar): Promise<void> {
    this.#proxies.set(uid, sidecar);
    const { http, grpc } = await sidecar.ports;
    if (this.#proxies.get(uid) !== sidecar) return;
    if (sidecar.ready) {
      this.#http.set(uid, http);
      this.#grpc.set(uid, grpc);
    } else this.#close(uid);
  }

  removeProxy(uid: string): void {
    this.#proxies.delete(uid);
    this.#close(uid);
  }

  /** Why no proxy answers; undefined when one does. */
  trouble(): { reason: string; message: string } | undefined {
    if (this.#grpc.size > 0) return undefined;
    const [sidecar] = this.#proxies.values();
    const message = 'The Dapr proxy of this function does not run yet; the function starts when it does.';
    return sidecar?.trouble ?? { reason: 'DaprProxyMissing', message };
  }

  /** The ports by which functions reach whatever proxy there is. */
  async ports(): Promise<SidecarPorts> {
    this.#door ??= this.#openDoor().catch((error: unknown) => {
      this.#door = undefined; // the next one tries again
      throw error;
    });
    return (await this.#door).ports;
  }

  async #openDoor(): Promise<Door> {
    const relays = [new Relay(this.#http), new Relay(this.#grpc)] as const;
    const [http = 0, grpc = 0] = await reservePorts(2, this.#takenPorts);
    await relays[0].listen(http);
    await relays[1].listen(grpc);
    return { ports: { http, grpc }, relays: [...relays] };
  }

  #close(uid: string): void {
    this.#http.delete(uid);
    this.#grpc.delete(uid);
  }
}
