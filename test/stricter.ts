/**
 * Published manifests that we refuse and v1.2 accepts: the file below ../shared/data/openfunction/manifests, the number of the rule in
 * the specification, and the field. A test fails on any other stricter verdict.
 */
export const STRICTER: Record<string, { number: string; field: string }> = {
  // Placeholders such as "<your registry name>" that the reader has to fill in.
  'docs/core.openfunction.io-v1beta2/best-practices-interact-with-dapr-output-binding-l196.function.function-front.v1beta2.yaml':
    { number: 'N3', field: 'spec.image' },
  'samples/core.openfunction.io-v1beta2/knative-hello-world-dotnet-readme-l11.function.dotnet-sample.v1beta2.yaml': {
    number: 'N3',
    field: 'spec.image',
  },
  'samples/core.openfunction.io-v1beta2/knative-path-parameters-function-go-function-sample.function.function-sample.v1beta2.yaml':
    { number: 'N3', field: 'spec.image' },
  'samples/core.openfunction.io-v1beta2/knative-hello-world-node-esm-function-sample.function.node-sample.v1beta2.yaml':
    { number: 'N3', field: 'spec.image' },
};
