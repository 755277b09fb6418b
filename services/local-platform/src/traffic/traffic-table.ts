import { RevisionTraffic, type RevisionTrafficOptions } from './revision-traffic.ts';

export interface TrafficTableOptions extends Pick<RevisionTrafficOptions, 'queueLimit' | 'holdMs' | 'now' | 'probe'> {
  /** Called with `namespace/revision` when a request of it is held. */
  onHeld(revision: string): void;
}

/** The doors of all revisions, by `namespace/revision`. */
export class TrafficTable {
  readonly #options: TrafficTableOptions;
  readonly #doors = new Map<string, RevisionTraffic>();

  constructor(options: TrafficTableOptions) {
    this.#options = options;
  }

  /** The door of a revision that exists; undefined when there is no such revision. */
  find(revision: string): RevisionTraffic | undefined {
    return this.#doors.get(revision);
  }

  /** The door of a revision, made when it is asked for first. */
  of(revision: string): RevisionTraffic {
    let door = this.#doors.get(revision);
    if (door === undefined) {
      door = new RevisionTraffic({ ...this.#options, onHeld: () => this.#options.onHeld(revision) });
      this.#doors.set(revision, door);
    }
    return door;
  }

  /** The revision is gone. Instances that still end their requests keep the door they came through. */
  remove(revision: string): void {
    this.#doors.get(revision)?.close();
    this.#doors.delete(revision);
  }
}
