const KUBERNETES = '1.34.4';
const ETCD = '3.6.5';

/** A program of the control plane and where it comes from. */
export interface Program {
  name: string;
  version: string;
  /** Whether one on PATH of another version will do: clients may differ, servers may not. */
  fromPath: boolean;
  /** Go module and package to build it from. */
  module: string;
  package: string;
}

/** Every program of the control plane that may be asked for. */
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
} as const satisfies Record<string, Program>;

/** The name of a program of the control plane. */
export type ProgramName = keyof typeof PROGRAMS;

function kubernetes(name: string, fromPath = false): Program {
  return { name, version: KUBERNETES, fromPath, module: 'k8s.io/kubernetes', package: `k8s.io/kubernetes/cmd/${name}` };
}
