import type { ServeSpec } from './function/serving.ts';
import { ANNOTATION, FUNCTION_PORT, LABEL } from './names.ts';
import type { Serving } from './serving/serving.ts';

/** Where Dapr runs for a function: nowhere, in a proxy beside the workload, or in each of its pods. */
export type DaprMode = 'off' | 'standalone' | 'sidecar';

/** What of `spec.serving`, and of the Serving made from it, decides about Dapr. */
type DaprSettings = Pick<ServeSpec, 'annotations' | 'triggers' | 'outputs' | 'states'>;

/** Whether a function uses Dapr, and where that runs (controllers.md §3.5). A mode that nobody knows leaves it out. */
export function daprModeOf(spec: DaprSettings): DaprMode {
  if (!usesDapr(spec)) return 'off';
  const mode = spec.annotations?.[ANNOTATION.daprServiceMode] ?? 'standalone';
  return mode === 'standalone' || mode === 'sidecar' ? mode : 'off';
}

/** The annotation decides; without it, whether there is anything that Dapr carries. */
function usesDapr({ annotations, triggers, outputs, states }: DaprSettings): boolean {
  const choice = annotations?.[ANNOTATION.enableDapr];
  if (choice !== undefined) return choice !== 'false';
  const carried = (triggers?.dapr ?? []).length + (triggers?.inputs ?? []).length;
  return carried > 0 || (outputs ?? undefined) !== undefined || (states ?? undefined) !== undefined;
}

/** Whether a Dapr proxy hands events to the function, by a Service that leads to its pods. */
export function getsEventsByProxy(spec: ServeSpec): boolean {
  const { dapr, http } = spec.triggers ?? {};
  return dapr != null && http == null && daprModeOf(spec) === 'standalone';
}

/** That Service, for the pods of one version: headless, as the proxy keeps connections open, but where it speaks plain HTTP. */
export function eventServiceSpec({ metadata, spec }: Serving) {
  const isHttp = spec.annotations?.[ANNOTATION.daprAppProtocol] === 'http';
  return {
    type: 'ClusterIP',
    ...(!isHttp && { clusterIP: 'None' }),
    selector: { [LABEL.serving]: metadata.name },
    ports: [{ name: 'http', protocol: 'TCP', port: FUNCTION_PORT, targetPort: FUNCTION_PORT }],
  };
}
