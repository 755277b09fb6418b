import { execFile, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { freePort, type ServiceProcess, startService } from '@openfunction/local';
import { testCluster, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Issuer } from '../../services/webhook/src/certificate/rotation.ts';
import { bundleWebhook, deployedEnv } from '../deployed-webhook.ts';
import type { Behaved } from './behaving-client.ts';

// The webhook's bundle as its Deployment runs it, with a mounted certificate, and clients that mean it no good. Times are printed,
// not judged: they say as much about the machine as about the webhook.

const SERVER_NAME = 'openfunction-webhook-service.openfunction.svc';
const MUTATE = '/mutate-core-openfunction-io-v1beta2-function';
const REVIEW = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'u1',
    operation: 'CREATE',
    name: 'f',
    namespace: 'demo',
    object: {
      apiVersion: 'core.openfunction.io/v1beta2',
      kind: 'Function',
      metadata: { name: 'f' },
      spec: { image: 'registry/hello', serving: { scaleOptions: { minReplicas: 0 } } },
    },
  },
});

/** Between two attackers. */
const EVERY_MS = 4;

let webhook: ServiceProcess;
let port: number;
let ca: string;
let caFile: string;
const figures: string[] = [];

beforeAll(async () => {
  const cluster = await testCluster();
  const directory = join(cluster.directory, `webhook-abuse-${process.pid}`);
  await mkdir(directory, { recursive: true });
  const made = await new Issuer([SERVER_NAME]).make(new Date());
  const file = async (name: string, text: string) => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };
  [ca, port] = [made.authority.cert, await freePort()];
  caFile = await file('ca.crt', ca);
  webhook = await startService({
    service: 'webhook',
    name: 'webhook',
    entry: await bundleWebhook(directory),
    env: {
      ...(await deployedEnv()),
      HEALTH_PORT: '0',
      KUBECONFIG: cluster.kubeconfig,
      HOST: '127.0.0.1',
      PORT: String(port),
      TLS_CERT_FILE: await file('tls.crt', made.leaf.cert),
      TLS_KEY_FILE: await file('tls.key', made.leaf.key),
    },
    logs: directory,
  });
  await waitFor('the webhook is ready', async () => (await webhook.readiness()) === true);
  figures.push(`before: ${await megabytes()} MiB`);
});

afterAll(async () => {
  console.info(figures.join('\n'));
  expect(await webhook?.process.stop()).toMatchObject({ code: 0 });
});

function head(headers: Record<string, string | number>, line = `POST ${MUTATE}`): string {
  const lines = Object.entries({ Host: SERVER_NAME, 'Content-Type': 'application/json', ...headers });
  return `${line} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** What one connection is told, until it is closed: the status, or that it was closed without one. */
async function attack(act: (socket: TLSSocket) => Promise<unknown> | unknown): Promise<string> {
  const socket = await open();
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.all([act(socket), closed]);
  return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'closed';
}

/** A connection. On a busy machine a handshake may take longer than the webhook waits for it: then another one is tried. */
async function open(): Promise<TLSSocket> {
  for (;;) {
    const socket = connect({ host: '127.0.0.1', port, servername: SERVER_NAME, ca });
    // Whoever goes on sending after an answer may be cut off; what counts is the answer.
    socket.on('error', () => {});
    const { promise, resolve } = Promise.withResolvers<boolean>();
    socket.once('secureConnect', () => resolve(true)).once('close', () => resolve(false));
    if (await promise) return socket;
  }
}

/** As many at once; they come within some seconds, for it is not their handshakes that are in question. */
async function attackWith(count: number, act: (socket: TLSSocket) => Promise<unknown> | unknown): Promise<string[]> {
  const answers = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      await pause(n * EVERY_MS);
      return await attack(act);
    }),
  );
  return [...new Set(answers)].sort();
}

/** Writes again and again, as fast as the other side takes it or with pauses, until it is over. */
async function pour(socket: TLSSocket, piece: string | Buffer, options: { times?: number; everyMs?: number } = {}) {
  const closed = new Promise((resolve) => socket.once('close', resolve));
  for (let n = 0; n < (options.times ?? Number.POSITIVE_INFINITY) && socket.writable; n++) {
    const isFull = !socket.write(piece);
    if (options.everyMs !== undefined) await pause(options.everyMs);
    else if (isFull) await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))]);
  }
}

const MIB = Buffer.alloc(1024 * 1024, 'x');
const CHUNK = Buffer.concat([Buffer.from('100000\r\n'), MIB, Buffer.from('\r\n')]);
const BOMB = gzipSync(Buffer.alloc(64 * 1024 * 1024));
const SHORT = { 'Content-Length': 2 };
const single = (text: string) => () => attackWith(1, (socket) => socket.write(text));

/** A client that behaves, in a process of its own; it ends with us. */
function behave(): { stop: () => Promise<Behaved> } {
  const script = fileURLToPath(new URL('./behaving-client.ts', import.meta.url));
  const child = spawn(process.execPath, [script, String(port), SERVER_NAME, caFile, MUTATE], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.write(`${REVIEW}\n`);
  const printed = text(child.stdout);
  return {
    stop: async () => {
      child.stdin.end();
      return JSON.parse(await printed);
    },
  };
}

/** Resident memory of the webhook. */
async function megabytes(): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(webhook.process.pid)]);
  return Math.round(Number(stdout) / 1024);
}

describe('whoever means no good gets', () => {
  test.each<[string, string, () => Promise<string[]>]>([
    [
      '408',
      '300 times headers that never end',
      () => attackWith(300, trickle(`POST ${MUTATE} HTTP/1.1\r\n`, 'X: y\r\n')),
    ],
    ['408', '700 times a body that hardly comes', () => attackWith(700, trickle(head({ 'Content-Length': 500 }), ' '))],
    ['closed', '1000 connections that say nothing, for 8 s', () => attackWith(1000, idle(8_000))],
    ['413', 'a body of 100 MB', () => attackWith(1, async (socket) => await declare(socket))],
    ['413', '5 chunked bodies without end', () => attackWith(5, async (socket) => await chunked(socket))],
    ['415', 'a gzip bomb', () => attackWith(1, (socket) => socket.write(Buffer.concat([bombHead(), BOMB])))],
    ['415', 'another content type', single(`${head({ ...SHORT, 'Content-Type': 'text/plain' })}{}`)],
    ['405', 'another method', single(`${head(SHORT, `PUT ${MUTATE}`)}{}`)],
    ['404', 'another path', single(`${head(SHORT, 'POST /')}{}`)],
    ['400', 'another review version', single(versioned('admission.k8s.io/v1beta1'))],
    ['400', 'no JSON', single(`${head({ ...SHORT, Connection: 'close' })}{]`)],
    ['400', 'no HTTP', single('hello\r\n\r\n')],
    ['431', 'headers of 1 MiB', single(head({ Long: 'x'.repeat(1024 * 1024) }))],
  ])('%s for %s, and a review beside it gets 200', async (code, name, run) => {
    const client = behave();
    const startedAt = performance.now();
    const codes = await run();
    // So that there is something to compare with, also where the answer comes at once.
    await pause(Math.max(0, 1_000 - (performance.now() - startedAt)));
    const normal = await client.stop();
    const beside = `${normal.reviews} reviews beside it: p50 ${normal.p50}, p99 ${normal.p99}, longest ${normal.max} ms`;
    figures.push(`${codes.join(', ').padEnd(9)} ${name}; ${beside}; ${await megabytes()} MiB`);
    expect(codes).toEqual([code]);
    expect(normal.codes).toEqual(['200']);
  });

  test('nothing that lasts: it is ready, and the same again takes no more memory', async () => {
    const taken = await megabytes();
    await attackWith(1000, idle(1_000));
    expect(await webhook.readiness()).toBe(true);
    const client = behave();
    await pause(5_000);
    expect((await client.stop()).codes).toEqual(['200']);
    figures.push(`a second wave of 1000 connections: ${await megabytes()} MiB`);
    // Connections take their memory from what earlier ones gave back.
    expect(await megabytes()).toBeLessThan(taken + 20);
  });
});

function trickle(first: string, more: string) {
  return async (socket: TLSSocket) => {
    socket.write(first);
    await pour(socket, more, { everyMs: 500 });
  };
}

/** Says nothing, and goes. */
function idle(milliseconds: number) {
  return async (socket: TLSSocket) => {
    await pause(milliseconds);
    expect(socket.writable).toBe(true);
    socket.destroy();
  };
}

async function declare(socket: TLSSocket): Promise<void> {
  socket.write(head({ 'Content-Length': 100 * MIB.length }));
  await pour(socket, MIB, { times: 100 });
}

async function chunked(socket: TLSSocket): Promise<void> {
  socket.write(head({ 'Transfer-Encoding': 'chunked' }));
  await pour(socket, CHUNK);
}

function bombHead(): Buffer {
  return Buffer.from(head({ 'Content-Encoding': 'gzip', 'Content-Length': BOMB.length }));
}

function versioned(apiVersion: string): string {
  const body = JSON.stringify({ ...JSON.parse(REVIEW), apiVersion });
  return head({ 'Content-Length': body.length, Connection: 'close' }) + body;
}
