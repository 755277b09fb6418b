import type { FunctionContext } from './function-context.ts';

/** Runs around the function, when the manifest (`spec.serving.hooks`) or the operator's configuration names it. */
export interface Hook {
  /** Before the function. It may replace `context.data`; when it throws, the function does not run. */
  pre?: (context: FunctionContext) => unknown;
  /** After the function, and after an error too: `context.error` is what was thrown, `context.result` what was returned. */
  post?: (context: FunctionContext) => unknown;
}

/** The function of the user. What it returns is the answer; what it throws is a failure, which Dapr delivers again for pubsub. */
// biome-ignore lint/suspicious/noExplicitAny: the function knows what data it is called with
export type UserFunction = (context: FunctionContext, data: any) => unknown;

/** The names that settings list and nobody has given: hooks of other languages, from the operator's configuration for all functions. */
export function unknownHooks(context: FunctionContext['settings'], hooks: Record<string, Hook>): string[] {
  const named = new Set([...context.preHooks, ...context.postHooks]);
  return [...named].filter((name) => !Object.hasOwn(hooks, name));
}

/** Runs pre hooks, function and post hooks. Throws the first error, after the post hooks have seen it. */
export async function runWithHooks(
  context: FunctionContext,
  fn: UserFunction,
  hooks: Record<string, Hook>,
): Promise<unknown> {
  const { preHooks, postHooks } = context.settings;
  await keepError(context, async () => {
    for (const name of preHooks) await hooks[name]?.pre?.(context);
    context.result = await fn(context, context.data);
  });
  for (const name of postHooks) await keepError(context, async () => await hooks[name]?.post?.(context));
  if (context.error !== undefined) throw context.error;
  return context.result;
}

async function keepError(context: FunctionContext, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    context.error ??= error ?? new Error('something undefined was thrown');
  }
}
