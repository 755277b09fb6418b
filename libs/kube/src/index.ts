export { type ApiStatus, apiError, type StatusCause, statusOf } from './api-error.ts';
export { KubeClient, type ListResult, type ObjectKey, type Selection, type WatchEvent } from './client.ts';
export { compareVersions } from './resource-version.ts';
