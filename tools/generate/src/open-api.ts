import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StructuralSchema } from '@openfunction/api';
import { isCoded } from '@openfunction/errors';
import { KubeClient } from '@openfunction/kube';
import { startControlPlane } from '@openfunction/local';
import { type OpenApiDocument, reducePodSpec } from './pod-spec.ts';

/** The reduced PodSpec of an OpenAPI document that lies in a file. */
export async function podSpecFromFile(file: string): Promise<StructuralSchema> {
  return reducePodSpec(JSON.parse(await readFile(file, 'utf8')) as OpenApiDocument);
}

/**
 * The reduced PodSpec of a real API server, started for this purpose and stopped again; undefined, and a line that says
 * why, where none can be had.
 */
export async function podSpecFromApiServer(say: (line: string) => void): Promise<StructuralSchema | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'openfunction-generate-'));
  try {
    const plane = await startControlPlane({ directory, auditLog: false, log: say });
    try {
      const client = KubeClient.of(plane.admin);
      return reducePodSpec((await client.request('GET', '/openapi/v3/api/v1')) as OpenApiDocument);
    } finally {
      await plane.stop();
    }
  } catch (error) {
    if (!isCoded(error, 'binary.unavailable')) throw error;
    say(`no API server to read the PodSpec from, the committed one is used: ${error.message}`);
    return undefined;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
