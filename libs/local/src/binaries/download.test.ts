import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silent } from '../say.ts';
import { checksumIn, download } from './download.ts';

const PROGRAM = '#!/bin/sh\necho hello\n';
let directory: string;
let server: Server;
let base: string;
const served = new Map<string, Buffer | string>();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'download-test-'));
  await mkdir(join(directory, 'top', 'inner'), { recursive: true });
  await writeFile(join(directory, 'top', 'inner', 'tool'), PROGRAM);
  execFileSync('tar', ['-czf', 'tool.tar.gz', 'top'], { cwd: directory });
  served.set('/tool', PROGRAM);
  served.set('/tool.tar.gz', await readFile(join(directory, 'tool.tar.gz')));
  served.set('/sums', `${'0'.repeat(64)}  other.tar.gz\n${sha256(served.get('/tool.tar.gz') ?? '')}  tool.tar.gz\n`);
  served.set('/right', sha256(PROGRAM));
  served.set('/wrong', 'f'.repeat(64));
  server = createServer((request, response) => {
    const body = served.get(request.url ?? '');
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true, force: true });
});

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

function source(path: string, checksums: string, member?: string) {
  const sums = { url: `${base}/${checksums}`, algorithm: 'sha256' as const };
  return { version: '1', url: `${base}/${path}`, checksums: sums, ...(member && { member }) };
}

async function target(name: string): Promise<string> {
  await mkdir(join(directory, name));
  return join(directory, name, 'tool');
}

describe('download', () => {
  test('a bare program, checked and executable', async () => {
    const file = await target('bare');
    await download(source('tool', 'right'), file, silent);
    expect(await readFile(file, 'utf8')).toBe(PROGRAM);
    expect((await stat(file)).mode & 0o111).toBe(0o111);
  });

  test('a program inside an archive; only the program stays', async () => {
    const file = await target('archive');
    await download(source('tool.tar.gz', 'sums', 'top/inner/tool'), file, silent);
    expect(await readFile(file, 'utf8')).toBe(PROGRAM);
    expect(await readdir(join(directory, 'archive'))).toEqual(['tool']);
  });

  test('nothing is kept when the checksum differs', async () => {
    const file = await target('wrong');
    await expect(download(source('tool', 'wrong'), file, silent)).rejects.toThrow(/its sha256 is/);
    expect(await readdir(join(directory, 'wrong'))).toEqual([]);
  });

  test('a file that is not there, and a host that does not answer, are said in one line', async () => {
    await expect(download(source('nothing', 'right'), join(directory, 'x'), silent)).rejects.toThrow(
      /nothing answers 404/,
    );
    const gone = {
      ...source('tool', 'right'),
      checksums: { url: 'http://127.0.0.1:1/sums', algorithm: 'sha256' as const },
    };
    await expect(download(gone, join(directory, 'x'), silent)).rejects.toThrow('127.0.0.1:1 cannot be reached');
  });
});

describe('checksumIn', () => {
  const wanted = 'a'.repeat(64);
  const other = 'b'.repeat(64);
  const long = 'c'.repeat(128);
  const rows: [string, string, 'sha256' | 'sha512', string | undefined][] = [
    ['a text that is the checksum', `${wanted}\n`, 'sha256', wanted],
    ['lines of sha256sum', `${other}  y.tar.gz\n${wanted}  x.tar.gz\n`, 'sha256', wanted],
    [
      'the envtest index',
      `releases:\n  v1:\n    x.tar.gz:\n      hash: ${long}\n      selfLink: https://h/x.tar.gz\n`,
      'sha512',
      long,
    ],
    ['a list without the file', `${other}  y.tar.gz\n${other}  z.tar.gz\n`, 'sha256', undefined],
    ['a name that only looks alike', `${other}  xxtarxgz\n`, 'sha256', undefined],
  ];
  test.each(rows)('%s', (_name, text, algorithm, expected) => {
    expect(checksumIn(text, 'x.tar.gz', algorithm)).toBe(expected);
  });
});
