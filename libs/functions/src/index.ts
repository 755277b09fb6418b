export type { FunctionContext, SendOptions, StateStore } from './function-context.ts';
export { FunctionError } from './function-error.ts';
export type { Hook, UserFunction } from './hooks.ts';
export { type FunctionHandler, type FunctionOptions, openFunction } from './open-function.ts';
export { readSettings } from './read-settings.ts';
export { type Served, type ServeOptions, serve } from './serve.ts';
export type { FunctionSettings, Input, Output } from './settings.ts';
