import {
  DAPR_COMPONENT,
  HTTP_SCALED_OBJECT,
  type Kind,
  KNATIVE_SERVICE,
  kindId,
  SCALED_JOB,
  SCALED_OBJECT,
} from '@openfunction/api';

/** What has to be installed for a kind to be served, as people call it. */
const PROVIDERS: readonly (readonly [Kind, string])[] = [
  [KNATIVE_SERVICE, 'Knative Serving'],
  [SCALED_OBJECT, 'KEDA'],
  [SCALED_JOB, 'KEDA'],
  [HTTP_SCALED_OBJECT, 'The HTTP add-on of KEDA'],
  [DAPR_COMPONENT, 'Dapr'],
];

/** What is missing and has to be installed, in one sentence or more. */
export function sayMissing(kinds: readonly Kind[]): string {
  const sentences = kinds.map((kind) => {
    const provider = PROVIDERS.find(([each]) => each === kind)?.[1] ?? kind.kind;
    return `${provider} is not installed: ${kind.kind} (${kindId(kind)}/${kind.versions[0]}) is not served.`;
  });
  return `${sentences.join(' ')} Install what is missing: the function starts by itself then.`;
}
