import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CodedError, explain } from '@openfunction/errors';
import { type Say, sayWhile } from '../say.ts';
import { run } from './run.ts';
import type { Source } from './sources.ts';

// A host behind a firewall that drops packets must not hold up the start: the next way is tried soon.
const ANSWER_MS = 5000;
const SILENCE_MS = 30_000;

const unreachable = new Set<string>();

/**
 * Downloads a program to `file` and makes it executable. The published checksum is verified before anything is unpacked.
 * Throws `binary.unavailable`: a host that does not answer within 5 s is given up, and not asked again by this process.
 */
export async function download(source: Source, file: string, say: Say): Promise<void> {
  const checksum = await publishedChecksum(source);
  const fetched = `${file}.download`;
  say(`downloading ${source.url}`);
  try {
    const found = await fetchTo(source.url, fetched, source.checksums.algorithm, say);
    if (found !== checksum) {
      throw new CodedError(
        'binary.unavailable',
        `${source.url}: its ${source.checksums.algorithm} is ${found}, published is ${checksum}`,
      );
    }
    await place(fetched, file, source.member);
  } finally {
    await rm(fetched, { force: true });
  }
}

async function place(fetched: string, file: string, member: string | undefined): Promise<void> {
  if (member === undefined) {
    await run('cp', [fetched, file]);
  } else {
    const folder = dirname(file);
    await run('tar', ['-xzf', fetched, '-C', folder, member]);
    await run('mv', [join(folder, member), file]);
    await rm(join(folder, member.split('/')[0] ?? ''), { recursive: true, force: true });
  }
  await chmod(file, 0o755);
}

async function publishedChecksum({ url, checksums }: Source): Promise<string> {
  const response = await request(checksums.url);
  const found = checksumIn(await response.text(), basename(url), checksums.algorithm);
  if (found !== undefined) return found;
  throw new CodedError('binary.unavailable', `${checksums.url} holds no ${checksums.algorithm} of ${basename(url)}`);
}

/** The checksum in a text that is nothing else, in `sha256sum` lines, or in the envtest index (name, then `hash:` below it). */
export function checksumIn(text: string, name: string, algorithm: 'sha256' | 'sha512'): string | undefined {
  const hex = `[0-9a-f]{${algorithm === 'sha256' ? 64 : 128}}`;
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const forms = [`^(${hex})\\s*$`, `^(${hex})\\s+\\*?${escaped}$`, `^\\s*${escaped}:\\s*\\n\\s*hash:\\s*(${hex})\\s*$`];
  // The first form only for a text of one line: in a longer one it could be another file's.
  const candidates = text.trim().includes('\n') ? forms.slice(1) : forms;
  for (const form of candidates) {
    const match = new RegExp(form, 'm').exec(text);
    if (match !== null) return match[1];
  }
  return undefined;
}

async function fetchTo(url: string, file: string, algorithm: string, say: Say): Promise<string> {
  const response = await request(url);
  const total = Number(response.headers.get('content-length') ?? 0);
  const hash = createHash(algorithm);
  let bytes = 0;
  const silence = new AbortController();
  const stalled = () => silence.abort(new Error(`no data for ${SILENCE_MS / 1000} s`));
  let timer = setTimeout(stalled, SILENCE_MS);
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      clearTimeout(timer);
      timer = setTimeout(stalled, SILENCE_MS);
      bytes += chunk.length;
      hash.update(chunk);
      next(null, chunk);
    },
  });
  const progress = (seconds: number) =>
    `${basename(url)}: ${mebibytes(bytes)}${total > 0 ? ` of ${mebibytes(total)}` : ''} MiB, ${seconds} s`;
  try {
    const body = Readable.fromWeb(response.body as never);
    await sayWhile(say, progress, () => pipeline(body, meter, createWriteStream(file), { signal: silence.signal }));
  } catch (error) {
    throw new CodedError('binary.unavailable', `${url}: ${explain(silence.signal.reason ?? error)}`, error);
  } finally {
    clearTimeout(timer);
  }
  return hash.digest('hex');
}

async function request(url: string): Promise<Response> {
  const { host } = new URL(url);
  if (unreachable.has(host)) throw new CodedError('binary.unavailable', `${host} cannot be reached`);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), ANSWER_MS);
  try {
    const response = await fetch(url, { signal: patience.signal });
    if (response.ok) return response;
    await response.body?.cancel();
    throw new CodedError('binary.unavailable', `${url} answers ${response.status}`);
  } catch (error) {
    if (error instanceof CodedError) throw error;
    unreachable.add(host);
    throw new CodedError('binary.unavailable', `${host} cannot be reached`, error);
  } finally {
    clearTimeout(timer);
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
