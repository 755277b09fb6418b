import { explain } from '@openfunction/errors';
import type { RedisKeys } from './keys.ts';
import type { RedisLink } from './link.ts';
import type { Scripts } from './scripts.ts';

const SWEEP_EVERY_MS = 10_000;
/** One replica sweeps in each period. */
const TURN_MS = 9_000;
const SCAN_COUNT = 1_000;

interface Options {
  link: RedisLink;
  keys: RedisKeys;
  scripts: Scripts;
  /** A key could be freed, but not named: its job's data was gone. */
  onLoss: () => void;
}

/** Frees keys whose `de:` key is there while their job is in no list: BullMQ would hold them back for ever. */
export class Sweeper {
  readonly #options: Options;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: Options) {
    this.#options = options;
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#turn(), SWEEP_EVERY_MS * (0.9 + Math.random() * 0.1));
  }

  async #turn(): Promise<void> {
    const { link, keys } = this.#options;
    try {
      if (await link.client.set(keys.of('sweep'), '1', 'PX', TURN_MS, 'NX')) await this.#sweep();
    } catch (error) {
      if (!this.#stopped) link.say('warn', 'Redis refused a command', explain(error));
    } finally {
      this.#schedule();
    }
  }

  async #sweep(): Promise<void> {
    const { link, keys, scripts, onLoss } = this.#options;
    const lists = [keys.of('active'), keys.of('wait'), keys.of('prioritized'), keys.of('delayed'), keys.of('marker')];
    for (let cursor = '0', done = false; !done && !this.#stopped; done = cursor === '0') {
      const [next, found] = await link.client.scan(cursor, 'MATCH', keys.deduplicationPattern(), 'COUNT', SCAN_COUNT);
      cursor = next;
      if (found.length === 0) continue;
      const [healed, lost] = (await scripts.sweep(...lists, keys.base, ...found)) as [number, number];
      if (healed + lost > 0)
        link.say('warn', 'freed keys that no job stood for', `${healed} queued again, ${lost} without data`);
      if (lost > 0) onLoss();
    }
  }
}
