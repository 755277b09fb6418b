import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** One line of a log, with the time it was taken in. */
export interface LogLine {
  time: string;
  text: string;
}

export interface LogFilter {
  tailLines?: number | undefined;
  since?: Date | undefined;
}

const ROTATE_BYTES = 8 * 1024 * 1024;
const TAIL_BYTES = 4096;
const TAIL_LINES = 10;
const MESSAGE_BYTES = 1024;
/** Lines of a stack trace: they say where, the lines around them say what. */
const STACK_LINE = /^\s+at |^\s+\^+\s*$|^goroutine \d+ |^\s+\S+\.go:\d+/;

/**
 * The log of one run of a container: lines with their times in a file of at most twice 8 MiB, and whoever follows.
 * Written synchronously, so that a reader who follows on misses nothing.
 */
export class ContainerLog {
  readonly #path: string;
  readonly #onTrouble: (error: unknown) => void;
  readonly #followers = new Set<(line: LogLine | undefined) => void>();
  #file: number | undefined;
  #bytes = 0;
  #partial = new Map<string, string>();
  #tail = '';
  #ended = false;

  constructor(path: string, onTrouble: (error: unknown) => void) {
    this.#path = path;
    this.#onTrouble = onTrouble;
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(path, 'a');
  }

  /** Takes in output of one stream; lines may arrive in pieces. */
  write(stream: string, chunk: string): void {
    const time = new Date().toISOString().replace('Z', '000000Z');
    const pieces = ((this.#partial.get(stream) ?? '') + chunk).split('\n');
    this.#partial.set(stream, pieces.pop() ?? '');
    if (pieces.length > 0) this.#append(pieces.map((text) => ({ time, text })));
  }

  /** No more output comes. */
  end(): void {
    if (this.#ended) return;
    for (const [stream, text] of this.#partial) if (text !== '') this.write(stream, '\n');
    this.#ended = true;
    for (const follower of [...this.#followers]) follower(undefined);
    this.#followers.clear();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** The last lines, without stack frames: what a user should read first after a crash. */
  lastWords(): string {
    const lines = this.#tail.split('\n').filter((line) => line.trim() !== '' && !STACK_LINE.test(line));
    return lines.slice(-TAIL_LINES).join('\n').slice(-MESSAGE_BYTES);
  }

  /** Calls `follower` with each further line, and with undefined at the end. Returns how to stop. */
  follow(follower: (line: LogLine | undefined) => void): () => void {
    if (this.#ended) follower(undefined);
    else this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** What has been written so far. */
  read(filter: LogFilter = {}): LogLine[] {
    return readLog(this.#path, filter);
  }

  #append(lines: LogLine[]): void {
    const text = lines.map((line) => `${line.time} ${line.text}\n`).join('');
    this.#tail = (this.#tail + lines.map((line) => `${line.text}\n`).join('')).slice(-TAIL_BYTES);
    try {
      if (this.#bytes > ROTATE_BYTES) this.#rotate();
      if (this.#file !== undefined) this.#bytes += writeSync(this.#file, text);
    } catch (error) {
      this.#onTrouble(error); // a full disk must not end the function: its lines are lost, and that is said
    }
    for (const follower of this.#followers) for (const line of lines) follower(line);
  }

  #rotate(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    renameSync(this.#path, `${this.#path}.1`);
    this.#file = openSync(this.#path, 'a');
    this.#bytes = 0;
  }
}

/** The lines of a log file, the rotated part first. A file that does not exist has none. */
export function readLog(path: string, filter: LogFilter = {}): LogLine[] {
  const text = [`${path}.1`, path].map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')).join('');
  let lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine);
  const since = filter.since;
  if (since !== undefined) lines = lines.filter(({ time }) => new Date(time) >= since);
  return filter.tailLines === undefined ? lines : lines.slice(Math.max(0, lines.length - filter.tailLines));
}

function parseLine(line: string): LogLine {
  const space = line.indexOf(' ');
  return { time: line.slice(0, space), text: line.slice(space + 1) };
}
