import { canonicalJson, KNATIVE_REVISION, KNATIVE_SERVICE } from '@openfunction/api';
import { isCoded } from '@openfunction/errors';
import type { KubeClient, Store } from '@openfunction/kube';
import { holds } from '../conditions.ts';
import { MANAGER } from '../names.ts';
import type { KnativeService, KnativeServiceStatus, Revision } from '../objects.ts';
import { splitKey } from '../objects.ts';
import { makeRevision, revisionNameOf } from './resources.ts';
import { isReadyRevision, serviceStatus } from './service-status.ts';
import { type Addressing, serviceUrls } from './urls.ts';

export interface ServiceReconcilerOptions {
  client: KubeClient;
  services: Store;
  revisions: Store;
  addressing: () => Addressing;
}

/** Brings one Knative Service in line: the revision of its template there, its status true. */
export class ServiceReconciler {
  readonly #options: ServiceReconcilerOptions;

  constructor(options: ServiceReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string): Promise<void> {
    const service = this.#options.services.get(key) as KnativeService | undefined;
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return;
    const created = await this.#revision(service);
    const refusal = created === undefined ? undefined : refusalOf(service, created);
    // A revision that was just made says something within milliseconds, and wakes this again: one write fewer.
    if (refusal === undefined && created?.status?.conditions === undefined) return;
    await this.#report(service, refusal === undefined ? created : undefined, refusal);
  }

  async #revision(service: KnativeService): Promise<Revision | undefined> {
    const { client, revisions } = this.#options;
    const wanted = makeRevision(service);
    const present = revisions.get(`${wanted.metadata.namespace}/${wanted.metadata.name}`);
    if (present !== undefined) return present as Revision;
    try {
      return (await client.create(KNATIVE_REVISION, wanted, { fieldManager: MANAGER })) as Revision;
    } catch (error) {
      if (!isCoded(error, 'api.conflict')) throw error;
      return (await client.get(KNATIVE_REVISION, {
        ...splitKey(`${wanted.metadata.namespace}/${wanted.metadata.name}`),
      })) as Revision;
    }
  }

  async #report(service: KnativeService, created: Revision | undefined, refusal: string | undefined): Promise<void> {
    const { namespace = '', name } = service.metadata;
    const status = serviceStatus({
      service,
      created,
      ready: this.#ready(service, created),
      refusal,
      urls: serviceUrls(this.#options.addressing(), namespace, name),
      now: new Date(),
    });
    await this.#write(service, status);
  }

  /** The revision that receives the traffic: the newest if it is ready, else the one that was. */
  #ready(service: KnativeService, created: Revision | undefined): Revision | undefined {
    if (isReadyRevision(created)) return created;
    const before = service.status?.latestReadyRevisionName;
    return this.#options.revisions.get(`${service.metadata.namespace}/${before}`) as Revision | undefined;
  }

  async #write(service: KnativeService, status: KnativeServiceStatus): Promise<void> {
    if (holds(service.status, status)) return;
    const { namespace, name, resourceVersion } = service.metadata;
    const body = { metadata: { resourceVersion }, status };
    await this.#options.client.patch(KNATIVE_SERVICE, { namespace, name }, body, {
      subresource: 'status',
      fieldManager: MANAGER,
    });
  }
}

/** Why the revision under the wanted name is not this template's: another owner, or a template changed under an old name. */
function refusalOf(service: KnativeService, revision: Revision): string | undefined {
  const name = JSON.stringify(revisionNameOf(service));
  if (!revision.metadata.ownerReferences?.some(({ uid }) => uid === service.metadata.uid)) {
    return `Revision ${name} belongs to another Service.`;
  }
  if (canonicalJson(revision.spec) !== canonicalJson(service.spec.template.spec)) {
    return `Revision ${name} exists with another template: a changed template needs a new name (spec.template.metadata.name).`;
  }
  return undefined;
}
