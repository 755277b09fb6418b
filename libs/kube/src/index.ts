export { type ApiStatus, apiError, type StatusCause, statusOf } from './api-error.ts';
export { appliedAt, isApplied, keepFieldsOf, project, updatedKeys } from './applied.ts';
export { Backoff, pause } from './backoff.ts';
export {
  KubeClient,
  type ListResult,
  type LogTail,
  type ObjectKey,
  type Selection,
  type WatchEvent,
} from './client.ts';
export { type Note, recordEvent } from './events.ts';
export { mergePatch } from './merge-patch.ts';
export { Reflector, type ReflectorOptions } from './reflector.ts';
export { compareVersions } from './resource-version.ts';
export { type Change, type GroupOf, Store, storeKey } from './store.ts';
export { isUpdatedBy, takeOver, takeOverFields } from './take-over.ts';
