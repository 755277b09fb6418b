import { ANNOTATION, type Hooks, parseHooks, type Serving } from '@openfunction/api';
import type { OperatorConfig } from '../operator-config.ts';

/** Names of the plugins that run before and after a function. */
export interface MergedHooks {
  pre: readonly string[];
  post: readonly string[];
}

/**
 * The hooks of a function, for both contexts (controllers.md §3.8, Q7). Its own are in `spec.hooks`, else in the annotation `plugins`,
 * which replaces those of the cluster. Global hooks wrap the function's own: first before it, last after it.
 */
export function mergeHooks({ spec, metadata }: Serving, { hooks, plugins }: OperatorConfig): MergedHooks {
  const all = hooks ?? plugins;
  const own = spec.hooks ?? annotated(metadata.annotations?.[ANNOTATION.plugins]);
  const around = own?.policy === 'Override' ? undefined : all;
  return {
    pre: [...(around?.pre ?? []), ...(own?.pre ?? [])],
    post: [...(own?.post ?? []), ...(around?.post ?? [])],
  };
}

/** A text that cannot be read means nothing: admission refuses it, and the original ignores it. */
function annotated(text: string | undefined): Hooks | undefined {
  return text === undefined ? undefined : (parseHooks(text).value as Hooks | undefined);
}
