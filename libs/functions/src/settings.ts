/** Where events come from. */
export interface Input {
  /** Name of the Dapr component. */
  component: string;
  block: 'bindings' | 'pubsub';
  /** Topic of a pubsub component. */
  topic?: string | undefined;
}

/** Where a function sends data. */
export interface Output {
  /** Name of the Dapr component. */
  component: string;
  /** Undefined for a component of another type, which nothing can be sent to. */
  block: 'bindings' | 'pubsub' | undefined;
  /** That other type, e.g. `state.redis`. */
  type?: string;
  /** Topic of a pubsub component. */
  topic?: string | undefined;
  /** Operation of a binding. */
  operation?: string | undefined;
  /** Handed to Dapr with each call. */
  metadata: Record<string, string>;
}

/** What the operator tells a function about itself. */
export interface FunctionSettings {
  name: string;
  version: string;
  /** True when events of Dapr components call it, false when HTTP requests do. */
  isAsync: boolean;
  /** Port that the function has to listen on. */
  port: number;
  /** By the name in the manifest. */
  inputs: Readonly<Record<string, Input>>;
  /** By the name in the manifest. */
  outputs: Readonly<Record<string, Output>>;
  /** Dapr component of each state store, by the name in the manifest. */
  states: Readonly<Record<string, string>>;
  /** Names of the hooks that run before the function, in this order. */
  preHooks: readonly string[];
  /** Names of the hooks that run after the function, in this order. */
  postHooks: readonly string[];
}
