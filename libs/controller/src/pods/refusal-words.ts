import { REASON, type Reason } from '@openfunction/api';
import { isCoded } from '@openfunction/errors';
import { sentence } from './words.ts';

/** What an error of the API server begins with. */
const REQUEST = /^[A-Z]+ \/\S+: /;

/** How the API server begins when an applied object does not fit its schema: namespace/name, group/version and kind. */
const MISFIT = /^failed to create typed patch object \((?<name>[^;]*); [^)]*Kind=(?<kind>\w+)\): (?<why>.*)$/s;

/**
 * Reason and words of a refusal for a status: what the API server said, without the request, and what to correct. That a name is taken
 * is said in full already, with the next step.
 * @param what where the user may correct it, e.g. `spec.build`
 */
export function explainRefusal(error: Error, what: string): { reason: Reason; message: string } {
  const words = misfit(error.message.replace(REQUEST, ''));
  if (isCoded(error, 'name.taken')) return { reason: REASON.nameTaken, message: words };
  const message = `${sentence(words)} Correct ${what}, or what the refusal names; it is tried again.`;
  return { reason: REASON.childRefused, message };
}

/** Object and fields of one that does not fit its schema, one after the other, without the types of Go; any other text as it is. */
function misfit(words: string): string {
  const { name, kind, why } = words.match(MISFIT)?.groups ?? {};
  if (why === undefined) return words;
  const fields = why.split('\n').map((line) =>
    line
      .trim()
      .replace(/^\./, '')
      .replace(/, got .*$/, ''),
  );
  return `${kind} ${name}: ${fields.filter((field) => field !== 'errors:').join('; ')}`;
}
