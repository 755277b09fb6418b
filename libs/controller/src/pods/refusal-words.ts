import { REASON, type Reason } from '@openfunction/api';
import { isCoded } from '@openfunction/errors';
import { sentence } from './words.ts';

/** What an error of the API server begins with. */
const REQUEST = /^[A-Z]+ \/\S+: /;

/**
 * Reason and words of a refusal for a status: what the API server said, without the request, and what to correct. That a name is taken
 * is said in full already, with the next step.
 * @param what where the user may correct it, e.g. `spec.build`
 */
export function explainRefusal(error: Error, what: string): { reason: Reason; message: string } {
  const words = error.message.replace(REQUEST, '');
  if (isCoded(error, 'name.taken')) return { reason: REASON.nameTaken, message: words };
  const message = `${sentence(words)} Correct ${what}, or what the refusal names; it is tried again.`;
  return { reason: REASON.childRefused, message };
}
