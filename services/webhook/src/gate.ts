import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Refusal, refuseSocket } from './refusal.ts';

/** The largest review the API server can send: two objects of at most 3 MiB, and room for the rest (controller-runtime). */
export const BODY_LIMIT = 7 * 1024 * 1024;

/** Bodies above this are large: together they may hold `LARGE_TOGETHER` of memory, so that many small ones always fit. */
const LARGE = 256 * 1024;
const LARGE_TOGETHER = 64 * 1024 * 1024;

/** An API server sends headers and body together. Whoever has not sent all by then makes room when there is none. */
const PATIENCE_MS = 250;

/** A client of Kubernetes asks again by itself after so many seconds, over a new connection: perhaps another replica. */
const COME_BACK = { 'retry-after': '1' };

interface Guest {
  request: IncomingMessage;
  /** Its place in the list of guests; -1 once it has left. */
  place: number;
  /** Bytes of a large body, declared or possible; 0 for a small one. */
  large: number;
  since: number;
}

/*
 *   open ──drain()──► draining: answers, and asks each client to connect anew ──close()──► closed: 503
 */
type Phase = 'open' | 'draining' | 'closed';

/**
 * Decides, before a body is read, whether a request may be reviewed: form first, then whether there is room. What is in
 * flight is counted from the headers to the end of the answer. When all room is taken, the longest waiting request whose
 * body has not come is shown out (408), so that slow clients never keep out a quick one; else the newcomer gets 429.
 */
export class Gate {
  readonly #maxInFlight: number;
  readonly #onShownOut: (code: number) => void;
  /** In no order. A Map would keep requests in memory that have long left: its old tables are garbage of the old generation. */
  readonly #guests: Guest[] = [];
  #large = 0;
  #phase: Phase = 'open';

  /** `onShownOut` is told the HTTP code of each request that had to make room. */
  constructor(maxInFlight: number, onShownOut: (code: number) => void) {
    this.#maxInFlight = maxInFlight;
    this.#onShownOut = onShownOut;
  }

  /** Whether answers should end the connection. */
  get isDraining(): boolean {
    return this.#phase !== 'open';
  }

  /** Reviews in flight. */
  get inFlight(): number {
    return this.#guests.length;
  }

  drain(): void {
    this.#phase = 'draining';
  }

  close(): void {
    this.#phase = 'closed';
  }

  /** Lets a request to one of our paths in, until its response is closed; or says why not. */
  enter(request: IncomingMessage, response: ServerResponse): Refusal | undefined {
    const refusal = refusalOfForm(request) ?? this.#refusalOfPhase();
    if (refusal !== undefined) return refusal;
    const large = largeBytes(request);
    if (!this.#hasRoom(large)) this.#showOut();
    if (!this.#hasRoom(large)) return { code: 429, text: 'too many reviews in flight; try again', headers: COME_BACK };
    const guest = { request, place: this.#guests.length, large, since: performance.now() };
    this.#guests.push(guest);
    this.#large += large;
    response.once('close', () => this.#leave(guest));
    return undefined;
  }

  #refusalOfPhase(): Refusal | undefined {
    if (this.#phase !== 'closed') return undefined;
    return { code: 503, text: 'this replica is stopping; try again', headers: COME_BACK };
  }

  #hasRoom(large: number): boolean {
    return this.#guests.length < this.#maxInFlight && (large === 0 || this.#large + large <= LARGE_TOGETHER);
  }

  /** Makes room at the cost of whoever has kept us waiting longest, if anybody has. */
  #showOut(): void {
    const limit = performance.now() - PATIENCE_MS;
    const waiting = this.#guests.filter(({ request, since }) => since <= limit && !request.complete);
    const [longest] = waiting.sort((left, right) => left.since - right.since);
    if (longest === undefined) return;
    this.#leave(longest);
    this.#onShownOut(TOO_SLOW.code);
    refuseSocket(longest.request.socket, TOO_SLOW);
  }

  #leave(guest: Guest): void {
    if (guest.place === -1) return;
    const last = this.#guests.pop() as Guest;
    if (last !== guest) {
      this.#guests[guest.place] = last;
      last.place = guest.place;
    }
    guest.place = -1;
    this.#large -= guest.large;
  }
}

/** What is wrong with the headers; the body is not looked at. */
function refusalOfForm({ headers }: IncomingMessage): Refusal | undefined {
  const mediaType = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') return { code: 415, text: 'Content-Type must be application/json' };
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity')
    return { code: 415, text: 'Content-Encoding is not supported', headers: { 'accept-encoding': 'identity' } };
  if (Number(headers['content-length'] ?? 0) > BODY_LIMIT) return TOO_LARGE;
  return undefined;
}

const TOO_SLOW: Refusal = { code: 408, text: 'the body came too slowly while others waited' };
export const TOO_LARGE: Refusal = { code: 413, text: `the body must not be larger than ${BODY_LIMIT} bytes` };

/** A body of unknown length may be as large as any. */
function largeBytes({ headers }: IncomingMessage): number {
  const bytes = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : BODY_LIMIT;
  return bytes > LARGE ? bytes : 0;
}
