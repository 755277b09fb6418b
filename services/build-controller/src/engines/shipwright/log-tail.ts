/** How much of a log goes into a status: enough to recognise the error, the rest is one command away. */
const LINES = 5;
const LENGTH = 1_024;
const LINE_LENGTH = 300;
/** What a log line is cut from, in lines and bytes: one request. */
export const TAIL = { lines: 20, bytes: 16_384 } as const;

const HIDDEN = '[hidden]';

/** What must not be shown, and what stands in its place. Order matters: whole blocks first. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [^-]*PRIVATE KEY-----[\s\S]*?(-----END [^-]*-----|$)/g, HIDDEN],
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/'"]+@/gi, `$1${HIDDEN}@`],
  [/((?:proxy-)?authorization["']?\s*[:=]\s*).*/gi, `$1${HIDDEN}`],
  [/\b([Bb]earer|BEARER|[Bb]asic|BASIC)\s+(?=\S*[0-9A-Z=])[A-Za-z0-9._~+/=-]{8,}/g, `$1 ${HIDDEN}`],
  [/([?&][\w.-]*(?:token|secret|password|passwd|signature|credential|key|sig|auth)=)[^&\s'"]+/gi, `$1${HIDDEN}`],
  [
    /([\w-]*(?:token|secret|passw(?:or)?d|api[_-]?key|access[_-]?key)["']?\s*[=:]\s*)(?!(?:unauthorized|denied|forbidden|invalid|expired|failed|unexpected|required|not)\b)("[^"]*"|'[^']*'|[^\s,;]+)/gi,
    `$1${HIDDEN}`,
  ],
  [/(\s--?(?:password|token|secret)\s+)\S+/g, `$1${HIDDEN}`],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|AKIA|ASIA|npm_|dckr_pat_)[\w-]{8,}/g, HIDDEN],
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g, HIDDEN],
  [/^(?![0-9a-f]+$)[A-Za-z0-9+/]{40,}={0,2}$/gm, HIDDEN],
];

/** A text without credentials, as far as they can be recognised: in URLs, headers, queries, assignments, well-known tokens, keys. */
export function redact(text: string): string {
  return SECRETS.reduce((clean, [pattern, instead]) => clean.replace(pattern, instead), text);
}

/** Foreign words on one line, without credentials, colours and control characters. */
export function plain(text: string): string {
  return redact(printable(text))
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}

/**
 * The last few lines of a log for a status message: redacted before anything is cut, so that no cut hides a credential from
 * the patterns. At most 1,024 characters; empty when the log says nothing.
 */
export function tailOf(log: string | undefined): string {
  const lines = redact(printable(whole(log ?? '')))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
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
