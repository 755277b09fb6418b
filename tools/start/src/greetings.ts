import { CodedError } from '@openfunction/errors';
import { poll } from '@openfunction/local';
import { callLocal } from './call.ts';

/** The receiver first, then those that send to it: two on HTTP requests, one whenever Dapr's cron binding calls it. */
export const GREETING_SAMPLES = [
  'greetings-node/function.yaml',
  'bindings-output-go/function.yaml',
  'bindings-output-typescript/function.yaml',
  'bindings-output-typescript/cron.yaml',
] as const;

/** Parts of the lines that the receiver shows in the end. */
const EXPECTED = ['(from bindings-output-go)', '(from bindings-output-typescript)', '(from cron-typescript)'];
const MOST_MS = 60_000;
const LOOK_MS = 250;

/**
 * Sends a greeting to each function that takes one, and returns what the receiver shows when one has arrived from everyone. Throws
 * `process.failed` with what is missing.
 */
export async function sendGreetings([receiver = '', ...senders]: readonly string[]): Promise<string> {
  for (const sender of senders.filter((url) => url !== '')) {
    const { status, body } = await callLocal(sender, { greeting: 'Hello, World!' });
    if (status !== 200) throw new CodedError('process.failed', `${sender} answered ${status}: ${body.trim()}`);
  }
  let missing: string[] = [];
  const shown = await poll(
    async () => {
      const { body } = await callLocal(receiver);
      missing = EXPECTED.filter((part) => !body.includes(part));
      return missing.length === 0 ? linesOf(body) : undefined;
    },
    MOST_MS,
    LOOK_MS,
  );
  if (shown !== undefined) return shown;
  throw new CodedError('process.failed', `${receiver} shows no greeting ${missing.join(', ')}`);
}

function linesOf(body: string): string {
  return (JSON.parse(body) as string[]).join('\n');
}
