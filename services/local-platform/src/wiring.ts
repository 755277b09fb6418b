import type { KubeObject } from '@openfunction/api';
import type { Change } from '@openfunction/kube';
import { serviceNameOf } from './knative/resources.ts';
import { revisionKeyOf } from './knative/revision-reconciler.ts';
import type { HttpRoute } from './objects.ts';
import { keyOf } from './objects.ts';
import type { Parts } from './parts.ts';
import type { WorkLoop } from './work-loop.ts';

/** All gateways and classes are looked at together: there are few. */
const ALL = 'all';

/** Who is woken by a change of what. */
export function connectParts(parts: Parts): void {
  const { watches } = parts;
  watches.on('pods', (change) => onPod(parts, change));
  watches.on('deployments', ({ object }) => wakeRevision(parts, object));
  watches.on('autoscalers', ({ type, object }) => {
    if (type === 'deleted') wakeRevision(parts, object);
  });
  watches.on('services', (change) => onService(parts, change));
  watches.on('revisions', (change) => onRevision(parts, change));
  watches.on('routes', (change) => onRoute(parts, change));
  watches.on('gateways', () => onGateway(parts));
  watches.on('classes', () => onGateway(parts));
  watches.on('scaledObjects', (change) => onScaled(parts.scaledObjects, change));
  watches.on('scaledJobs', (change) => onScaled(parts.scaledJobs, change));
  watches.on('components', (change) => parts.dapr.onComponent(change));
}

function onPod(parts: Parts, change: Change): void {
  parts.node.onChange(change);
  const revision = parts.pods.take(change);
  if (revision !== undefined) parts.revisions.add(revision);
}

function onService(parts: Parts, { type, object }: Change): void {
  if (type !== 'deleted') parts.services.add(keyOf(object));
}

function onRevision(parts: Parts, { type, object }: Change): void {
  parts.services.add(`${object.metadata.namespace}/${serviceNameOf(object)}`);
  if (type === 'deleted') parts.traffic.remove(keyOf(object));
  else parts.revisions.add(keyOf(object));
  // Whether a backend exists is in the status of its routes.
  if (type !== 'updated') for (const route of routesTo(parts, object)) parts.routes.add(keyOf(route));
}

function onRoute(parts: Parts, { type, object }: Change): void {
  parts.directory.invalidate();
  if (type !== 'deleted') parts.routes.add(keyOf(object));
  parts.gateways.add(ALL);
}

function onGateway(parts: Parts): void {
  parts.directory.invalidate();
  parts.gateways.add(ALL);
  for (const route of parts.watches.store('routes').list()) parts.routes.add(keyOf(route));
}

/** Our own status writes are no news. */
function onScaled(loop: WorkLoop, { object, old }: Change): void {
  const of = (one: KubeObject) => JSON.stringify([one.metadata.generation, one.metadata.annotations]);
  if (old === undefined || of(object) !== of(old) || object.metadata.deletionTimestamp !== undefined)
    loop.add(keyOf(object));
}

function wakeRevision(parts: Parts, object: KubeObject): void {
  const revision = revisionKeyOf(object);
  if (revision !== undefined) parts.revisions.add(revision);
}

function routesTo(parts: Parts, revision: KubeObject): HttpRoute[] {
  const { namespace, name } = revision.metadata;
  const routes = parts.watches.store('routes').list() as HttpRoute[];
  return routes.filter(
    (route) =>
      route.metadata.namespace === namespace &&
      (route.spec.rules ?? []).some(({ backendRefs = [] }) => backendRefs.some((ref) => ref.name === name)),
  );
}
