const KUBERNETES = '1.34.4';
const ETCD = '3.6.5';
const SHIPWRIGHT = '0.17.0';
const TEKTON = '1.6.0';
const KNATIVE = '0.47.0';
const KEDA = '2.18.0';
const KEDA_HTTP = '0.8.0';
const DAPR = '1.16.0';

/** A program, in the one version that we use, and where it comes from. */
export interface Program {
  name: string;
  version: string;
  /** Whether one on PATH of another version will do: clients may differ, servers may not. */
  fromPath: boolean;
  /** Go module and package to build it from. */
  module: string;
  package: string;
  /** Texts in the package's `main.go` that are replaced in the build, where a program has no flag for what we have to set. */
  settings?: readonly { text: string; becomes: string }[];
  /** Go build tags. */
  tags?: string;
  /** A folder of the module, and the only files of it to compile: what is left out costs no minutes. */
  only?: { folder: string; files: readonly string[] };
}

/** Of Dapr's hundred components: what an event-driven function can meet on one machine. */
const DAPR_COMPONENTS = [
  'bindings_cron.go',
  'bindings_http.go',
  'bindings_localstorage.go',
  'bindings_mqtt3.go',
  'bindings_rabbitmq.go',
  'bindings_redis.go',
  'nameresolution_mdns.go',
  'pubsub_in-memory.go',
  'pubsub_mqtt3.go',
  'pubsub_rabbitmq.go',
  'pubsub_redis.go',
  'secretstores_local_env.go',
  'secretstores_local_file.go',
  'state_in-memory.go',
  'state_redis.go',
];

/**
 * Every program that may be asked for: the control plane, the controllers of other projects for the tests of conformance, and the
 * Dapr runtime for event-driven functions on the local platform.
 */
export const PROGRAMS = {
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  kubectl: kubernetes('kubectl', true),
  etcd: {
    name: 'etcd',
    version: ETCD,
    fromPath: false,
    module: 'go.etcd.io/etcd/server/v3',
    package: 'go.etcd.io/etcd/server/v3',
  },
  'shipwright-build-controller': {
    name: 'shipwright-build-controller',
    version: SHIPWRIGHT,
    fromPath: false,
    module: 'github.com/shipwright-io/build',
    package: 'github.com/shipwright-io/build/cmd/shipwright-build-controller',
    // Its metrics are on 0.0.0.0:8383 whatever one says: two could not run on one machine.
    settings: [
      { text: '"0.0.0.0"', becomes: '"127.0.0.1"' },
      { text: '= 8383', becomes: '= 0' },
    ],
  },
  'tekton-controller': {
    name: 'tekton-controller',
    version: TEKTON,
    fromPath: false,
    module: 'github.com/tektoncd/pipeline',
    package: 'github.com/tektoncd/pipeline/cmd/controller',
  },
  'knative-serving-controller': {
    ...knative('controller'),
    // Its probes are on 8080 whatever one says: two could not run on one machine.
    settings: [{ text: 'signals.NewContext()', becomes: 'sharedmain.WithHealthProbesDisabled(signals.NewContext())' }],
  },
  'knative-serving-webhook': knative('webhook'),
  'keda-operator': {
    name: 'keda-operator',
    version: KEDA,
    fromPath: false,
    module: 'github.com/kedacore/keda/v2',
    package: 'github.com/kedacore/keda/v2/cmd/operator',
  },
  'keda-http-operator': {
    name: 'keda-http-operator',
    version: KEDA_HTTP,
    fromPath: false,
    module: 'github.com/kedacore/http-add-on',
    package: 'github.com/kedacore/http-add-on/operator',
  },
  daprd: {
    name: 'daprd',
    version: DAPR,
    fromPath: false,
    module: 'github.com/dapr/dapr',
    package: 'github.com/dapr/dapr/cmd/daprd',
    tags: 'allcomponents',
    only: { folder: 'cmd/daprd/components', files: DAPR_COMPONENTS },
  },
} as const satisfies Record<string, Program>;

/** The name of such a program. */
export type ProgramName = keyof typeof PROGRAMS;

function kubernetes(name: string, fromPath = false): Program {
  return { name, version: KUBERNETES, fromPath, module: 'k8s.io/kubernetes', package: `k8s.io/kubernetes/cmd/${name}` };
}

function knative(command: string): Program {
  const module = 'knative.dev/serving';
  return {
    name: `knative-serving-${command}`,
    version: KNATIVE,
    fromPath: false,
    module,
    package: `${module}/cmd/${command}`,
  };
}
