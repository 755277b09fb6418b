import { apiVersionOf, type Kind, type KubeObject, kindId, POD } from '@openfunction/api';
import { isCoded } from '@openfunction/errors';
import { type Connection, loadConnection } from './kubeconfig.ts';
import { Transport } from './transport.ts';
import { decodeLines } from './watch-lines.ts';

/** Where one object is. */
export interface ObjectKey {
  namespace?: string | undefined;
  name: string;
}

/** What a list or watch is narrowed to. */
export interface Selection {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /** Only metadata is wanted: objects come as PartialObjectMetadata, without spec and status. */
  metadataOnly?: boolean;
}

/** A result of LIST: all pages, and the version to watch from. */
export interface ListResult {
  items: KubeObject[];
  resourceVersion: string;
}

/** One line of a watch (meta/v1 WatchEvent). */
export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: KubeObject;
}

/** How much of a container's log is asked for. */
export interface LogTail {
  container: string;
  lines: number;
  /** Where the API server stops, counted from the first of those lines. */
  bytes: number;
  /** Of the container's run before the present one. */
  previous?: boolean;
}

interface WriteOptions {
  fieldManager?: string;
  dryRun?: boolean;
}

const PAGE_SIZE = '500';
const LOG_TIMEOUT_MS = 3_000;
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const PATCH_TYPES = { merge: 'application/merge-patch+json', json: 'application/json-patch+json' } as const;

/** The API server, kind by kind. Every failure is a CodedError `api.*` whose cause is an ApiStatus. */
export class KubeClient {
  readonly #transport: Transport;
  readonly #versions = new Map<string, string>();

  private constructor(connection: Connection) {
    this.#transport = new Transport(connection);
  }

  /** Connects as a kubeconfig says: the file given, else `KUBECONFIG`, else the pod's ServiceAccount. */
  static async load(options: { kubeconfig?: string | undefined } = {}): Promise<KubeClient> {
    return new KubeClient(await loadConnection(options.kubeconfig));
  }

  /** Connects with explicit credentials. */
  static of(options: { server: string; ca?: string; token?: string; cert?: string; key?: string }): KubeClient {
    const { token, ...connection } = options;
    const authorization = async () => (token === undefined ? undefined : `Bearer ${token}`);
    return new KubeClient({ ...connection, authorization });
  }

  get server(): string {
    return this.#transport.server;
  }

  /** The newest version of the kind that we understand and the server serves; undefined when it serves none. */
  async discover(kind: Kind): Promise<string | undefined> {
    if (kind.group === '') return 'v1';
    const group = (await this.request('GET', `/apis/${kind.group}`).catch(absent)) as ApiGroup | undefined;
    const served = group?.versions.map(({ version }) => version) ?? [];
    for (const version of kind.versions.filter((candidate) => served.includes(candidate))) {
      const list = (await this.request('GET', `/apis/${kind.group}/${version}`).catch(absent)) as
        | ApiResources
        | undefined;
      if (list?.resources.some(({ name }) => name === kind.plural)) return this.#use(kind, version);
    }
    return undefined;
  }

  /** `apiVersion` under which objects of this kind are read and written: as discovered, else the preferred one. */
  apiVersion(kind: Kind): string {
    return apiVersionOf(kind, this.#versions.get(kindId(kind)));
  }

  /** Reads one object; undefined when it does not exist. */
  async get(
    kind: Kind,
    key: ObjectKey,
    { metadataOnly }: Pick<Selection, 'metadataOnly'> = {},
  ): Promise<KubeObject | undefined> {
    const options = metadataOnly === true ? { accept: METADATA } : {};
    return (await this.request('GET', this.path(kind, key), options).catch(absent)) as KubeObject | undefined;
  }

  /** Reads all objects of a kind, in pages. Items carry apiVersion and kind. */
  async list(kind: Kind, selection: Selection = {}): Promise<ListResult> {
    const items: KubeObject[] = [];
    let continueToken: string | undefined;
    let resourceVersion = '';
    do {
      const page = (await this.request('GET', this.path(kind, { namespace: selection.namespace, name: '' }), {
        query: { ...selectors(selection), limit: PAGE_SIZE, continue: continueToken },
        ...(selection.metadataOnly === true && { accept: METADATA_LIST }),
      })) as ListPage;
      for (const item of page.items ?? []) items.push({ ...item, apiVersion: this.apiVersion(kind), kind: kind.kind });
      continueToken = page.metadata.continue || undefined;
      resourceVersion = page.metadata.resourceVersion;
    } while (continueToken !== undefined);
    return { items, resourceVersion };
  }

  /** Streams changes from a resource version on. Ends when the server ends it or the signal fires. */
  async *watch(
    kind: Kind,
    options: Selection & { resourceVersion: string; signal: AbortSignal; timeoutSeconds?: number },
  ) {
    const stream = await this.#transport.stream({
      method: 'GET',
      path: this.path(kind, { namespace: options.namespace, name: '' }),
      query: {
        ...selectors(options),
        watch: '1',
        allowWatchBookmarks: 'true',
        resourceVersion: options.resourceVersion,
        timeoutSeconds: String(options.timeoutSeconds ?? 290),
      },
      signal: options.signal,
      ...(options.metadataOnly === true && { accept: METADATA }),
    });
    for await (const line of decodeLines(stream)) yield JSON.parse(line) as WatchEvent;
  }

  /** The end of a container's log. Throws `api.*`, after 3 s at the latest: the API server asks a node that may be gone. */
  async logTail(pod: ObjectKey, { container, lines, bytes, previous }: LogTail): Promise<string> {
    const stream = await this.#transport.stream({
      method: 'GET',
      path: this.path(POD, pod, 'log'),
      query: {
        container,
        tailLines: String(lines),
        limitBytes: String(bytes),
        ...(previous === true && { previous: 'true' }),
      },
      signal: AbortSignal.timeout(LOG_TIMEOUT_MS),
    });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  }

  /** Creates an object. Throws `api.conflict` when the name exists. */
  async create(kind: Kind, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    const path = this.path(kind, { namespace: object.metadata.namespace, name: '' });
    return (await this.request('POST', path, { body: object, query: writeQuery(options) })) as KubeObject;
  }

  /** Server-side apply: the fields of `object` become ours (KEP-555). */
  async apply(
    kind: Kind,
    object: KubeObject,
    options: WriteOptions & { fieldManager: string; force?: boolean; subresource?: string },
  ): Promise<KubeObject> {
    return (await this.request('PATCH', this.path(kind, object.metadata, options.subresource), {
      body: object,
      contentType: 'application/apply-patch+yaml',
      query: { ...writeQuery(options), force: options.force === true ? 'true' : undefined },
    })) as KubeObject;
  }

  /** Patches an object; `merge` (RFC 7386) unless `json` (RFC 6902) is asked for. */
  async patch(
    kind: Kind,
    key: ObjectKey,
    body: unknown,
    options: WriteOptions & { type?: 'merge' | 'json'; subresource?: string } = {},
  ): Promise<KubeObject> {
    return (await this.request('PATCH', this.path(kind, key, options.subresource), {
      body,
      contentType: PATCH_TYPES[options.type ?? 'merge'],
      query: writeQuery(options),
    })) as KubeObject;
  }

  /** Replaces an object; with its resourceVersion in the metadata a change in between is `api.conflict`. */
  async replace(
    kind: Kind,
    object: KubeObject,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<KubeObject> {
    const path = this.path(kind, object.metadata, options.subresource);
    return (await this.request('PUT', path, { body: object, query: writeQuery(options) })) as KubeObject;
  }

  /** Deletes an object; one that is gone already is fine. With `uid`, a namesake made since is left alone (`api.conflict`). */
  async delete(
    kind: Kind,
    key: ObjectKey,
    options: { uid?: string; resourceVersion?: string; gracePeriodSeconds?: number; propagationPolicy?: string } = {},
  ): Promise<void> {
    const { uid, resourceVersion, ...rest } = options;
    const preconditions =
      uid === undefined && resourceVersion === undefined ? {} : { preconditions: { uid, resourceVersion } };
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Background',
      ...rest,
      ...preconditions,
    };
    await this.request('DELETE', this.path(kind, key), { body }).catch(absent);
  }

  /** Any request that answers JSON. */
  request(
    method: string,
    path: string,
    options: {
      body?: unknown;
      contentType?: string;
      accept?: string;
      query?: Record<string, string | undefined>;
      signal?: AbortSignal;
    } = {},
  ): Promise<unknown> {
    return this.#transport.json({ method, path, ...options });
  }

  /** The path of a collection (empty name) or an object, e.g. `/apis/core.openfunction.io/v1beta2/namespaces/a/functions/b`. */
  path(kind: Kind, key: ObjectKey, subresource?: string): string {
    const version = this.apiVersion(kind);
    const parts = [kind.group === '' ? `/api/${version}` : `/apis/${version}`];
    if (kind.namespaced && key.namespace !== undefined) parts.push('namespaces', encodeURIComponent(key.namespace));
    parts.push(kind.plural);
    if (key.name !== '') parts.push(encodeURIComponent(key.name));
    if (subresource !== undefined) parts.push(subresource);
    return parts.join('/');
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  #use(kind: Kind, version: string): string {
    this.#versions.set(kindId(kind), version);
    return version;
  }
}

interface ApiGroup {
  versions: { version: string }[];
}
interface ApiResources {
  resources: { name: string }[];
}
interface ListPage {
  /** Null in an empty list of names (PartialObjectMetadataList). */
  items: KubeObject[] | null;
  metadata: { continue?: string; resourceVersion: string };
}

function absent(error: unknown): undefined {
  if (isCoded(error, 'api.not-found')) return undefined;
  throw error;
}

function selectors(selection: Selection): Record<string, string | undefined> {
  return { labelSelector: selection.labelSelector, fieldSelector: selection.fieldSelector };
}

function writeQuery(options: WriteOptions): Record<string, string | undefined> {
  return { fieldManager: options.fieldManager, dryRun: options.dryRun === true ? 'All' : undefined };
}
