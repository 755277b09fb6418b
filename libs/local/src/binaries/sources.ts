import { GO_ARCH } from './platform.ts';
import type { Program } from './programs.ts';

/** Version of the envtest archive: built for macOS too, where Kubernetes publishes no servers; not every patch release has one. */
const ENVTEST = '1.34.1';

/** One place a program can be downloaded from. */
export interface Source {
  /** What is inside; differs from the program's version where only a neighbouring patch release is published. */
  version: string;
  url: string;
  /** Published checksums: a text (or YAML) that holds the one of `url`'s file. */
  checksums: { url: string; algorithm: 'sha256' | 'sha512' };
  /** Path inside the tar.gz; absent when the file is the program itself. */
  member?: string;
}

/** Where a program can be downloaded for this machine; empty when nobody publishes it. */
export function sourcesOf(program: Program, os: NodeJS.Platform = process.platform, arch: string = GO_ARCH): Source[] {
  if (program.name === 'etcd') return os === 'linux' ? [etcdRelease(program, arch)] : [envtest(program, os, arch)];
  if (program.module !== 'k8s.io/kubernetes') return [];
  if (program.name === 'kubectl' || os === 'linux') return [kubernetesRelease(program, os, arch)];
  return program.name === 'kube-apiserver' ? [envtest(program, os, arch)] : [];
}

function kubernetesRelease({ name, version }: Program, os: string, arch: string): Source {
  const url = `https://dl.k8s.io/v${version}/bin/${os}/${arch}/${name}`;
  return { version, url, checksums: { url: `${url}.sha256`, algorithm: 'sha256' } };
}

function etcdRelease({ version }: Program, arch: string): Source {
  const release = `https://github.com/etcd-io/etcd/releases/download/v${version}`;
  const folder = `etcd-v${version}-linux-${arch}`;
  return {
    version,
    url: `${release}/${folder}.tar.gz`,
    checksums: { url: `${release}/SHA256SUMS`, algorithm: 'sha256' },
    member: `${folder}/etcd`,
  };
}

function envtest({ name }: Program, os: string, arch: string): Source {
  const project = 'kubernetes-sigs/controller-tools';
  return {
    version: `envtest-${ENVTEST}`,
    url: `https://github.com/${project}/releases/download/envtest-v${ENVTEST}/envtest-v${ENVTEST}-${os}-${arch}.tar.gz`,
    checksums: { url: `https://raw.githubusercontent.com/${project}/HEAD/envtest-releases.yaml`, algorithm: 'sha512' },
    member: `controller-tools/envtest/${name}`,
  };
}
