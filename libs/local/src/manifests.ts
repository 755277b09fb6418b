import { readFile } from 'node:fs/promises';
import { CRD, type Kind, type KubeObject } from '@openfunction/api';
import { CodedError, isCoded } from '@openfunction/errors';
import type { KubeClient } from '@openfunction/kube';
import { parseAllDocuments } from 'yaml';
import { poll } from './poll.ts';

const ESTABLISHED_MS = 30_000;
const SERVED_MS = 10_000;

/** The objects of a YAML text, in order; empty documents and comments are left out. Throws `config.invalid` with file and line. */
export function parseManifests(text: string, source = 'manifest'): KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined)
      throw new CodedError('config.invalid', `${source}: ${problem.message.split('\n')[0]}`, problem);
    const object = document.toJS() as KubeObject | null;
    if (object === null) return [];
    if (typeof object.kind === 'string' && typeof object.apiVersion === 'string' && object.metadata?.name)
      return [object];
    throw new CodedError('config.invalid', `${source}: a document lacks apiVersion, kind or metadata.name`);
  });
}

/** Reads manifest files in the order given. */
export async function readManifests(files: readonly string[]): Promise<KubeObject[]> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return texts.flatMap((text, index) => parseManifests(text, files[index]));
}

/**
 * Applies manifests (file paths or objects) in order by server-side apply, taking fields over from other managers.
 * A CRD is waited for until it is Established; a kind that is not served yet is waited for as well. Returns what the server answered.
 */
export async function applyManifests(
  client: KubeClient,
  manifests: readonly (string | KubeObject)[],
  options: { fieldManager: string },
): Promise<KubeObject[]> {
  const applied: KubeObject[] = [];
  const kinds = new Map<string, Kind>();
  for (const manifest of manifests) {
    const objects = typeof manifest === 'string' ? await readManifests([manifest]) : [manifest];
    for (const object of objects) applied.push(await applyOne(client, object, { ...options, kinds }));
  }
  return applied;
}

/** The Kind of an object by API discovery; undefined when the server does not serve it. */
export async function discoverKind(client: KubeClient, apiVersion: string, kind: string): Promise<Kind | undefined> {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const found = await client.request('GET', path).catch((error) => {
    if (isCoded(error, 'api.not-found')) return { resources: [] };
    throw error;
  });
  const { resources } = found as { resources: { name: string; kind: string; namespaced: boolean }[] };
  const resource = resources.find((each) => each.kind === kind && !each.name.includes('/'));
  return resource && { group, versions: [version], kind, plural: resource.name, namespaced: resource.namespaced };
}

async function applyOne(
  client: KubeClient,
  object: KubeObject,
  options: { fieldManager: string; kinds: Map<string, Kind> },
): Promise<KubeObject> {
  const kind = await kindOf(client, object, options.kinds);
  const { namespace = 'default' } = object.metadata;
  const placed = kind.namespaced ? { ...object, metadata: { ...object.metadata, namespace } } : object;
  const answer = await client.apply(kind, placed, { fieldManager: options.fieldManager, force: true });
  if (kind.plural === CRD.plural && kind.group === CRD.group) await established(client, object.metadata.name);
  return answer;
}

async function kindOf(client: KubeClient, object: KubeObject, known: Map<string, Kind>): Promise<Kind> {
  const id = `${object.apiVersion} ${object.kind}`;
  // A new CRD takes a moment from Established to being listed by discovery.
  const kind =
    known.get(id) ?? (await poll(() => discoverKind(client, object.apiVersion, object.kind), SERVED_MS, 100));
  if (kind === undefined) {
    throw new CodedError(
      'api.not-found',
      `${object.kind} ${object.metadata.name}: the API server does not serve ${object.apiVersion}`,
    );
  }
  known.set(id, kind);
  return kind;
}

async function established(client: KubeClient, name: string): Promise<void> {
  const done = await poll(async () => {
    const crd = (await client.get(CRD, { name })) as CrdObject | undefined;
    return (
      crd?.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') || undefined
    );
  }, ESTABLISHED_MS);
  if (done === undefined)
    throw new CodedError('api.unavailable', `CustomResourceDefinition ${name} is not Established in time`);
}

type CrdObject = KubeObject & { status?: { conditions?: { type: string; status: string }[] } };
