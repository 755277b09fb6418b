export { type AuditEvent, readAuditLog } from './audit-log.ts';
export { type ClusterAddress, type ClusterOptions, type StartedCluster, startTestCluster } from './cluster.ts';
export { freshNamespace, type TestCluster, testCluster } from './shared-cluster.ts';
export { waitFor } from './wait-for.ts';
