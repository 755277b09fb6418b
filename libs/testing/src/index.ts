export { type ApiProxy, type ApiProxyOptions, startApiProxy, type Write } from './api-proxy.ts';
export { type AuditEvent, isOurs, isWrite, readAuditLog, requestOf } from './audit-log.ts';
export { type ClusterAddress, type ClusterOptions, type StartedCluster, startTestCluster } from './cluster.ts';
export { type ControllerWorld, hasControllerWorld, startControllerWorld } from './controller-world.ts';
export { foreignCrds, moduleFolder, NEEDS_GO, withoutConversion } from './foreign-crds.ts';
export {
  applyFunction,
  defaultGateway,
  type FunctionSketch,
  SERVINGS,
  sketchFunction,
  untilCondition,
} from './functions.ts';
export { type NeighbourOptions, type Neighbours, type Outcome, startNeighbours } from './neighbours.ts';
export { freshNamespace, type TestCluster, testCluster } from './shared-cluster.ts';
export { type Endpoint, type System, type SystemOptions, startSystem } from './system.ts';
export { untilQuiet, waitFor } from './wait-for.ts';
