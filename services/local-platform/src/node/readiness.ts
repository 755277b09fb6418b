import { get } from 'node:http';
import { connect } from 'node:net';
import { pause } from '@openfunction/kube';
import type { Container, Probe } from '../objects.ts';

const PROBE_TIMEOUT_MS = 1_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;

/**
 * Waits until a container answers its readiness probe on `port` (a connection that is accepted, when it has none).
 * A container without ports and probe is ready as soon as it runs. Returns false when `signal` fires first.
 */
export async function awaitReady(container: Container, port: number, signal: AbortSignal): Promise<boolean> {
  const { readinessProbe: probe, ports = [] } = container;
  if (probe === undefined && ports.length === 0) return true;
  for (let wait = FIRST_PAUSE_MS; !signal.aborted; wait = Math.min(LONGEST_PAUSE_MS, wait * 1.3)) {
    if (await answers(probe, port)) return !signal.aborted;
    await pause(wait, signal);
  }
  return false;
}

function answers(probe: Probe | undefined, port: number): Promise<boolean> {
  return probe?.httpGet === undefined ? accepts(port) : respondsWell(probe.httpGet, port);
}

/** Whether something on 127.0.0.1 accepts a connection on this port. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}

/** A kubelet takes 200 to 399 as good. */
function respondsWell(action: NonNullable<Probe['httpGet']>, port: number): Promise<boolean> {
  const headers = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  return new Promise((resolve) => {
    const request = get({
      host: '127.0.0.1',
      port,
      path: action.path ?? '/',
      headers,
      agent: false,
      timeout: PROBE_TIMEOUT_MS,
    });
    request.once('response', (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) >= 200 && (response.statusCode ?? 500) < 400);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
