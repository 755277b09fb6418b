import { redact } from './secrets.ts';

/** How much of a log goes into a status: enough to recognise the error, the rest is one command away. */
const LINES = 5;
const LENGTH = 1_024;
const LINE_LENGTH = 300;
/** What a log line is cut from, in lines and bytes. */
export const TAIL = { lines: 20, bytes: 16_384 } as const;

/** A frame of a stack trace of JavaScript or Java: `at answer (/app/index.js:3:9)`, `at com.example.Answer.say(Answer.java:3)`. */
const FRAME = /^at \S.*(?::\d+\)?|\([^()]*\))$/;

/** Foreign words on one line, without credentials, colours and control characters. */
export function plain(text: string): string {
  return redact(printable(text))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}

/**
 * The last few lines of a log for a status message: redacted before anything is cut, so that no cut hides a credential from
 * the patterns, and without the frames of stack traces, above which the error stands. At most 1,024 characters; empty when the log
 * says nothing.
 */
export function tailOf(log: string | undefined): string {
  const lines = redact(printable(whole(log ?? '')))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !FRAME.test(line));
  const last = lines.slice(-LINES).map((line) => (line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line));
  while (last.length > 1 && last.join(' | ').length > LENGTH) last.shift();
  return last.join(' | ').slice(0, LENGTH);
}

/** Without the line that the size limit may have cut in two: half of a URL may end in a password. */
function whole(log: string): string {
  return Buffer.byteLength(log) < TAIL.bytes ? log : log.slice(0, log.lastIndexOf('\n') + 1);
}

function printable(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/(?![\n\t])\p{Cc}\[[0-9;?]*[A-Za-z]/gu, '')
    .replaceAll(/(?![\n\t])\p{Cc}/gu, '');
}
