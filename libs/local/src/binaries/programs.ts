const KUBERNETES = '1.34.4';
const ETCD = '3.6.5';
const SHIPWRIGHT = '0.17.0';
const TEKTON = '1.6.0';

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
}

/** Every program that may be asked for: the control plane, and the controllers of other projects for the tests of conformance. */
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
} as const satisfies Record<string, Program>;

/** The name of such a program. */
export type ProgramName = keyof typeof PROGRAMS;

function kubernetes(name: string, fromPath = false): Program {
  return { name, version: KUBERNETES, fromPath, module: 'k8s.io/kubernetes', package: `k8s.io/kubernetes/cmd/${name}` };
}
