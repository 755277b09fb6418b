import type { Gateway, Kind, KubeObject, PodSpec, Serving } from '@openfunction/api';
import type { OperatorConfig } from '../operator-config.ts';

/** One way to run a Serving: Knative, the KEDA HTTP add-on, or event-driven (controllers.md §3.2). All of it is pure. */
export interface Engine {
  /** As people call it, e.g. `Knative`. */
  name: string;
  /** Kinds without which this Serving cannot run. Objects of kinds that nobody serves are not made. */
  needs: (serving: Serving) => Kind[];
  /** Everything this Serving is made of, in the order in which it is applied. */
  make: (input: EngineInput) => KubeObject[];
  /** How the status names what `make` makes. */
  refer: (input: EngineInput) => ServingRefs;
}

/** The part of a Serving's status that names its objects. */
export interface ServingRefs {
  /** Names of the objects made, under the keys `RESOURCE_REF` of the original. */
  resourceRef: Record<string, string>;
  /** What the Function's route leads to: a Knative Service or a core Service. An event-driven function has none. */
  service?: string;
}

/** What the objects of a Serving are made from. */
export interface EngineInput {
  serving: Serving;
  config: OperatorConfig;
  /** The Gateway of its route, whose templates name its hosts; undefined when there is none. */
  gateway: Gateway | undefined;
  /** DNS domain of the cluster, for functions without a Gateway. */
  clusterDomain: string;
  /** What the Serving owns already, by kind and name: names, and what can no longer be changed, are kept. */
  owned: readonly KubeObject[];
  /** Components in the namespace that others have made, by name: a reference without a type takes theirs. */
  components: ReadonlyMap<string, KubeObject>;
  /** Whether the HTTP add-on knows `scaleTargetRef.name` (v0.6 and later); else `deployment`. */
  scaleTargetByName: boolean;
  /** The pod template where Knative's definition does not declare all of it; undefined where it does. */
  pruned?: PrunedTemplate | undefined;
}

/** A pod template without what Knative's definition does not declare. */
export interface PrunedTemplate {
  template: PodSpec;
  /** Where in the Function that is, e.g. `spec.serving.template.terminationGracePeriodSeconds`. */
  left: string[];
}
