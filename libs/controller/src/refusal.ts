import { CodedError } from '@openfunction/errors';

/** Whether the API server has refused what was asked, and would do so again: only another spec or a change in the cluster helps. */
export function isRefusal(error: unknown): error is CodedError {
  return error instanceof CodedError && error.retry === 'wait';
}
