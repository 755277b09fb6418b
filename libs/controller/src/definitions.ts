import { CRD, type Kind, kindId } from '@openfunction/api';
import type { KubeClient, Store } from '@openfunction/kube';

interface Schema {
  properties?: Record<string, Schema>;
}

interface CrdVersion {
  name: string;
  schema?: { openAPIV3Schema?: Schema };
}

interface Known {
  /** uid and generation of the definition that was read: another one is read again. */
  state: string;
  fields: Map<string, boolean>;
}

/**
 * Which fields the definitions (CRDs) of foreign kinds have, where versions of a project differ under one version of its API. Names
 * are watched anyway; a schema is read when it is asked for, and only the answers are kept.
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
    const id = kindId(kind);
    const { uid, generation } = this.#names.get(id)?.metadata ?? {};
    const state = `${uid}/${generation}`;
    const known = this.#known.get(id);
    const answer = known?.state === state ? known.fields.get(`${version}/${path}`) : undefined;
    if (answer !== undefined) return answer;
    const found = await this.#look(id, version, path);
    const fields = known?.state === state ? known.fields : new Map<string, boolean>();
    this.#known.set(id, { state, fields: fields.set(`${version}/${path}`, found) });
    return found;
  }

  async #look(id: string, version: string, path: string): Promise<boolean> {
    const crd = await this.#client.get(CRD, { name: id });
    const versions = (crd?.['spec']?.versions ?? []) as CrdVersion[];
    const schema = versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema;
    return path.split('.').reduce<Schema | undefined>((at, name) => at?.properties?.[name], schema) !== undefined;
  }
}
