import { CRD, type Kind, kindId } from '@openfunction/api';
import type { KubeClient, Store } from '@openfunction/kube';
import { type Pruned, prune, type Schema, slimSchema } from './pruning.ts';

interface CrdVersion {
  name: string;
  schema?: { openAPIV3Schema?: Schema };
}

interface Known {
  /** uid and generation of the definition that was read: another one is read again. */
  state: string;
  /** By version. One that is being read is asked for once. */
  schemas: Map<string, Promise<Schema | undefined>>;
}

/**
 * Which fields the definitions (CRDs) of foreign kinds have, where versions of a project differ under one version of its API. Names
 * are watched anyway; a schema is read when it is asked for, and no more of it is kept than the answers need.
 */
export class Definitions {
  readonly #known = new Map<string, Known>();
  readonly #client: KubeClient;
  readonly #names: Store;

  constructor(client: KubeClient, names: Store) {
    this.#client = client;
    this.#names = names;
  }

  /** Whether the kind's schema has the field, e.g. `spec.scaleTargetRef.name`. Throws `api.*` when it cannot be read. */
  async hasField(kind: Kind, version: string, path: string): Promise<boolean> {
    const schema = await this.#schema(kindId(kind), version);
    return path.split('.').reduce<Schema | undefined>((at, name) => at?.properties?.[name], schema) !== undefined;
  }

  /** The object without what the kind's schema does not declare. Throws `api.*` when the schema cannot be read. */
  async prune<Value>(kind: Kind, version: string, object: Value): Promise<Pruned<Value>> {
    const schema = await this.#schema(kindId(kind), version);
    return schema === undefined ? { object, left: [] } : prune(schema, object);
  }

  #schema(id: string, version: string): Promise<Schema | undefined> {
    const { schemas } = this.#of(id);
    const known = schemas.get(version);
    if (known !== undefined) return known;
    const reading = this.#read(id, version).then((schema) => schema && slimSchema(schema));
    schemas.set(version, reading);
    reading.catch(() => schemas.delete(version));
    return reading;
  }

  /** What is known of the definition as it is now. */
  #of(id: string): Known {
    const { uid, generation } = this.#names.get(id)?.metadata ?? {};
    const state = `${uid}/${generation}`;
    const known = this.#known.get(id);
    if (known?.state === state) return known;
    const unknown: Known = { state, schemas: new Map() };
    this.#known.set(id, unknown);
    return unknown;
  }

  async #read(id: string, version: string): Promise<Schema | undefined> {
    const crd = await this.#client.get(CRD, { name: id });
    const versions = (crd?.['spec']?.versions ?? []) as CrdVersion[];
    return versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema;
  }
}
