import {
  isOfKind,
  type Kind,
  type KubeObject,
  LABEL,
  type Serving,
  servingChildName,
  shortHash,
} from '@openfunction/api';

/** Names of what a Serving is made of, and what of it there is already. */

/** What a name is made from. */
export interface ChildNaming {
  kind: Kind;
  /** What the child is, as its name says it: `deployment`, `bindings-orders`. */
  what: string;
  /** Tells children of one Serving apart, beyond what their names can say. */
  key?: string;
  /** What the Serving's status says. Several names are joined by commas. */
  recorded?: string | undefined;
  /** Characters; 63 if not given. */
  most?: number;
}

/** A Serving, and the objects that it owns. */
export interface Owner {
  serving: Serving;
  owned: readonly KubeObject[];
}

/**
 * Name of a child. The Go operator chose names at random: one that is recorded, or that it had no time to record, goes on. Otherwise it
 * derives from the Serving alone, so that a repeated step, and a change in place, come to the same name.
 */
export function nameChild({ serving, owned }: Owner, naming: ChildNaming): string {
  const { kind, what, key = what, recorded = '', most } = naming;
  const derived = servingChildName(serving.metadata.name, what, childHash(serving, key), most);
  const isMeant = (name: string) => isNameOf(name, `${serving.metadata.name}-${what}-`);
  const names = owned.filter((object) => isOfKind(object, kind)).map(({ metadata }) => metadata.name);
  if (names.includes(derived)) return derived;
  return recorded.split(',').find(isMeant) ?? names.filter(isMeant).sort()[0] ?? derived;
}

/** The ten characters that end the derived name of a child. */
export function childHash(serving: Serving, key: string): string {
  return shortHash(serving.metadata.uid ?? '', key);
}

/** Whether we gave the name: what the Go operator made is kept as it is wherever a change would restart it. */
export function isOurs(serving: Serving, name: string, key: string): boolean {
  return name.endsWith(`-${childHash(serving, key)}`);
}

/** The object of that kind and name among those owned. */
export function findOwned(owned: readonly KubeObject[], kind: Kind, name: string): KubeObject | undefined {
  return owned.find((object) => object.metadata.name === name && isOfKind(object, kind));
}

/** The Function's name. */
export function functionName({ metadata }: Serving): string {
  return metadata.labels?.[LABEL.function] ?? metadata.name;
}

/** A prefix and one word: `-pubsub-in-` is not what `-pubsub-in-out-x7k2p` begins with. */
function isNameOf(name: string, prefix: string): boolean {
  return name.startsWith(prefix) && /^[a-z0-9]+$/.test(name.slice(prefix.length));
}
