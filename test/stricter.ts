/**
 * Published manifests that we refuse for more than the original's schema does: the file below ../shared/data/openfunction/manifests,
 * and each field with the number of its rule in the specification. A test fails on any other stricter verdict.
 */
export const STRICTER: Record<string, Record<string, string>> = {
  // Placeholders such as "<your registry name>" that the reader has to fill in.
  'docs/core.openfunction.io-v1beta2/best-practices-interact-with-dapr-output-binding-l196.function.function-front.v1beta2.yaml':
    { 'spec.image': 'N3' },
  'samples/core.openfunction.io-v1beta2/knative-hello-world-dotnet-readme-l11.function.dotnet-sample.v1beta2.yaml': {
    'spec.image': 'N3',
  },
  'samples/core.openfunction.io-v1beta2/knative-path-parameters-function-go-function-sample.function.function-sample.v1beta2.yaml':
    { 'spec.image': 'N3' },
  'samples/core.openfunction.io-v1beta2/knative-hello-world-node-esm-function-sample.function.node-sample.v1beta2.yaml':
    { 'spec.image': 'N3' },
  'samples/core.openfunction.io-v1beta1/knative-hello-world-node-esm-readme-l15.function.node-sample.v1beta1.yaml': {
    'spec.image': 'N3',
  },
  // Fragments of documentation that lack a builder; the original's webhook refuses them too.
  'docs/core.openfunction.io-v1beta2/concepts-build-strategy-l31.function.logs-async-handler.v1beta2.yaml': {
    'spec.build.builder': 'V3',
  },
  'docs/core.openfunction.io-v1beta2/concepts-function-build-l73.function.logs-async-handler.v1beta2.yaml': {
    'spec.build.builder': 'V3',
  },
  // Fragments with a placeholder as image and neither build nor serving.
  'samples/core.openfunction.io-v1beta1/apps-buildah-java-readme-l20.function.sample-java-app.v1beta1.yaml': {
    'spec.image': 'N3',
    'spec.serving': 'V40',
  },
  'samples/core.openfunction.io-v1beta1/async-bindings-readme-l20.function.cron-input.v1beta1.yaml': {
    'spec.image': 'N3',
    'spec.serving': 'V40',
  },
  'samples/core.openfunction.io-v1beta1/async-java-cron-input-kafka-output-readme-l18.function.cron-input-kafka-output-java.v1beta1.yaml':
    { 'spec.image': 'N3', 'spec.serving': 'V40' },
  'samples/core.openfunction.io-v1beta1/async-java-pubsub-readme-l24.function.autoscaling-subscriber-java.v1beta1.yaml':
    { 'spec.image': 'N3', 'spec.serving': 'V40' },
  'samples/core.openfunction.io-v1beta1/knative-hello-world-go-readme-l50.function.function-sample.v1beta1.yaml': {
    'spec.image': 'N3',
    'spec.serving': 'V40',
  },
  'samples/core.openfunction.io-v1beta1/knative-java-cloudevent-readme-l57.function.function-cloudevent-java.v1beta1.yaml':
    { 'spec.image': 'N3', 'spec.serving': 'V40' },
  'samples/core.openfunction.io-v1beta1/knative-java-with-output-binding-readme-l111.function.function-sample.v1beta1.yaml':
    { 'spec.image': 'N3', 'spec.serving': 'V40' },
  'samples/core.openfunction.io-v1beta1/knative-multiple-functions-go-readme-l54.function.function-sample.v1beta1.yaml':
    { 'spec.image': 'N3', 'spec.serving': 'V40' },
  'samples/core.openfunction.io-v1beta1/knative-with-output-binding-readme-l62.function.function-front.v1beta1.yaml': {
    'spec.image': 'N3',
    'spec.serving': 'V40',
  },
};
