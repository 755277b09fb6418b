import { ANNOTATION, type Builder, FUNCTION, LABEL } from '@openfunction/api';

/**
 * Whether the cure of a failed build brings a new one: it never does by itself (`no`), it does where it changes what is built
 * (`perhaps`), or it always does, being such a change (`yes`). The limits on time and history are no such change.
 */
export type Rebuilds = 'no' | 'perhaps' | 'yes';

/** The cure of a build that is over, and how to have it built again where the cure alone does not. Without a full stop. */
export function thenAgain(cure: string, rebuilds: Rebuilds, builder: Builder): string {
  if (rebuilds === 'yes') return cure;
  const unless = rebuilds === 'perhaps' ? ', unless the spec changed' : '';
  return `${cure}; then${unless}: ${againBy(builder)}`;
}

/**
 * How to build once more what this Builder built. The failed Builder's name is the value of the annotation: each has its own, so it is new
 * each time. It stands last: with the full stop of the sentence it works as well.
 */
export function againBy(builder: Builder): string {
  const { namespace, name, labels, ownerReferences } = builder.metadata;
  const owner = ownerReferences?.find(({ kind }) => kind === FUNCTION.kind)?.name ?? labels?.[LABEL.function];
  if (owner === undefined) return 'make a new Builder';
  return `kubectl annotate --overwrite fn -n ${namespace} ${owner} ${ANNOTATION.rebuild}=${name}`;
}
