import { arch, availableParallelism, hostname, platform, release, totalmem } from 'node:os';
import { rfc3339, stampConditions } from '../conditions.ts';
import { NODE_NAME } from '../names.ts';
import type { ForeignCondition } from '../objects.ts';

const ARCHITECTURES: Record<string, string> = { x64: 'amd64' };
const MOST_PODS = '500';

/** The Node object: this machine. */
export function makeNode() {
  const architecture = ARCHITECTURES[arch()] ?? arch();
  const labels = {
    'kubernetes.io/hostname': NODE_NAME,
    'kubernetes.io/os': platform(),
    'kubernetes.io/arch': architecture,
  };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE_NAME, labels }, spec: {} };
}

/** Its status. Conditions keep the time at which they became what they are. */
export function nodeStatus(before: readonly ForeignCondition[] | undefined, kubeletPort: number, now: Date) {
  const resources = {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: MOST_PODS,
  };
  const healthy = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
    type,
    status: 'False' as const,
    reason: 'NotWatched',
    message: 'The local platform leaves this to the host.',
  }));
  const ready = { type: 'Ready', status: 'True' as const, reason: 'KubeletReady', message: 'The local platform runs.' };
  const conditions = stampConditions(before, [...healthy, ready], now);
  return {
    capacity: resources,
    allocatable: resources,
    conditions: conditions.map((condition) => ({ ...condition, lastHeartbeatTime: rfc3339(now) })),
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    nodeInfo: nodeInfo(),
  };
}

function nodeInfo() {
  return {
    architecture: ARCHITECTURES[arch()] ?? arch(),
    operatingSystem: platform(),
    osImage: `${platform()} (${hostname()})`,
    kernelVersion: release(),
    kubeletVersion: 'openfunction-local',
    containerRuntimeVersion: `process://${process.versions.node}`,
    kubeProxyVersion: '',
    machineID: '',
    systemUUID: '',
    bootID: '',
  };
}
