import { findCondition, isTrue, stampConditions, type WantedCondition } from '../conditions.ts';
import type { KnativeService, KnativeServiceStatus, Revision } from '../objects.ts';

/** What is known of a Knative Service when its status is made. */
export interface ServiceSeen {
  service: KnativeService;
  /** The revision of the current template; undefined while it does not exist. */
  created: Revision | undefined;
  /** The newest revision that has been ready, by name; undefined when there is none. */
  ready: Revision | undefined;
  /** Why no revision can be made of the template, if so. */
  refusal?: string | undefined;
  urls: { external: string; internal: string };
  now: Date;
}

/** The status of a Service, with the conditions of Knative's own. */
export function serviceStatus(seen: ServiceSeen): KnativeServiceStatus {
  const { service, created, ready } = seen;
  const configurations = configurationsReady(seen);
  const routes = routesReady(seen, configurations);
  const conditions = [configurations, readyOf(configurations, routes), routes];
  return {
    observedGeneration: service.metadata.generation ?? 1,
    conditions: stampConditions(service.status?.conditions, conditions, seen.now),
    url: seen.urls.external,
    address: { url: seen.urls.internal },
    ...(created && { latestCreatedRevisionName: created.metadata.name }),
    ...(ready && {
      latestReadyRevisionName: ready.metadata.name,
      traffic: [{ latestRevision: true, percent: 100, revisionName: ready.metadata.name }],
    }),
  };
}

function configurationsReady({ created, refusal }: ServiceSeen): WantedCondition {
  const type = 'ConfigurationsReady';
  if (refusal !== undefined) return { type, status: 'False', reason: 'RevisionFailed', message: refusal };
  const ready = findCondition(created?.status?.conditions, 'Ready');
  if (created === undefined || ready === undefined) return { type, status: 'Unknown' };
  if (ready.status === 'True') return { type, status: 'True' };
  if (ready.status === 'False') {
    const message = `Revision "${created.metadata.name}" failed with message: ${ready.message ?? ready.reason}`;
    return { type, status: 'False', reason: 'RevisionFailed', message };
  }
  return { type, status: 'Unknown', reason: ready.reason ?? 'Deploying', message: ready.message ?? '' };
}

function routesReady({ service, ready }: ServiceSeen, configurations: WantedCondition): WantedCondition {
  const type = 'RoutesReady';
  if (ready !== undefined) return { type, status: 'True' };
  const reason = 'RevisionMissing';
  const name = `Configuration "${service.metadata.name}"`;
  return configurations.status === 'False'
    ? { type, status: 'False', reason, message: `${name} does not have any ready Revision.` }
    : { type, status: 'Unknown', reason, message: `${name} is waiting for a Revision to become ready.` };
}

/** Ready is what the worse of its two halves is; the configuration speaks first. */
function readyOf(configurations: WantedCondition, routes: WantedCondition): WantedCondition {
  const halves = [configurations, routes];
  const worst =
    halves.find(({ status }) => status === 'False') ??
    halves.find(({ status }) => status === 'Unknown') ??
    configurations;
  return { ...worst, type: 'Ready' };
}

/** Whether a revision may receive traffic: it has been ready, and nothing says otherwise now. */
export function isReadyRevision(revision: Revision | undefined): revision is Revision {
  return isTrue(revision?.status?.conditions, 'Ready');
}
