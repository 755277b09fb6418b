/** Ports of what is ready to take connections, by an id; connections go to them in turn. */
export class Backends {
  readonly #ports = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #turn = 0;

  set(id: string, port: number): void {
    this.#ports.set(id, port);
    for (const wake of [...this.#waiting]) wake();
  }

  delete(id: string): void {
    this.#ports.delete(id);
  }

  get size(): number {
    return this.#ports.size;
  }

  /** The one whose turn it is; undefined when there is none. */
  next(): number | undefined {
    const ports = [...this.#ports.values()];
    this.#turn += 1;
    return ports[this.#turn % Math.max(1, ports.length)];
  }

  /** The one whose turn it is, as soon as there is one; undefined when `signal` fires first. */
  async wait(signal: AbortSignal): Promise<number | undefined> {
    while (this.#ports.size === 0 && !signal.aborted) await this.#change(signal);
    return signal.aborted ? undefined : this.next();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
