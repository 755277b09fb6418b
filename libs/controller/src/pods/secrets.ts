const HIDDEN = '[hidden]';

/*
 * Each pattern takes time in proportion to the text, whatever it says: what may begin anywhere in a run of the same characters has a
 * lookbehind, or a limit on how far it looks.
 */

/** What must not be shown, wherever it stands, and what stands in its place. Order matters: whole blocks first. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [^-]*PRIVATE KEY-----[\s\S]*?(-----END [^-]*-----|$)/g, HIDDEN],
  [/(:\/\/)[^\s/'"]+@/g, `$1${HIDDEN}@`],
  // A password with a slash in it; `host:8080/@scope/name` is none.
  [/(:\/\/[^\s/'"@:]{1,128}:)(?!\d{1,5}[/?#])[^\s'"]{1,128}@/g, `$1${HIDDEN}@`],
  [/((?:proxy-)?authorization["']?\s*[:=]\s*).*/gi, `$1${HIDDEN}`],
  [/(cookie["']?\s*[:=]\s*).*/gi, `$1${HIDDEN}`],
  [/\b([Bb]earer|BEARER|[Bb]asic|BASIC)\s+(?=\S*[0-9A-Z=])[A-Za-z0-9._~+/=-]{8,}/g, `$1 ${HIDDEN}`],
  [/([?&][\w.-]*(?:token|secret|password|passwd|signature|credential|key|sig|auth)=)[^&\s'"]+/gi, `$1${HIDDEN}`],
  [/(\s--?[\w-]*(?:password|passphrase|token|secret|api-?key|access-?key|private-?key)\s+)[^\s-]\S*/gi, `$1${HIDDEN}`],
  // `curl -u name:password`, and not `-u 1000:1000`.
  [/(\s(?:-u|--(?:proxy-)?user)[ =]["']?(?!\d+:\d+\b)[^\s:"']{1,128}:)[^\s"']+/g, `$1${HIDDEN}`],
  [/(\b(?:login|sshpass)\b[^\n]{0,200}?\s-p[ =]?)(?!ort\b)[^\s=]\S*/g, `$1${HIDDEN}`],
  [/(\b(?:mysql|mariadb)[^\n]{0,200}?\s-p)(?!ort\b)[^\s=]\S*/g, `$1${HIDDEN}`],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|AKIA|ASIA|npm_|dckr_pat_|[sr]k_(?:live|test)_)[\w-]{8,}/g, HIDDEN],
  [/(?<![\w-])sk-(?=[\w-]*\d)[\w-]{20,}/g, HIDDEN],
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g, HIDDEN],
  // A row of a key, also behind what a builder or a logger puts before each line.
  [
    /^([ \t]{0,40}(?:#\d+ [\d.]+ +|\d{4}-\d\d-\S{4,30} +|\[[^\]\n]{1,60}\] +|[>|] *)?)(?![0-9a-f]+$)[A-Za-z0-9+/]{40,}={0,2}$/gm,
    `$1${HIDDEN}`,
  ],
];

/** A text without credentials, as far as they can be recognised: in URLs, headers, queries, assignments, well-known tokens, keys. */
export function redact(text: string): string {
  return hideAssigned(SECRETS.reduce((clean, [pattern, instead]) => clean.replace(pattern, instead), text));
}

const NAME = /(?<![\w.-])([\w.-]+)((?:\\?["'])?\s*[=:]\s*)/g;
const QUOTED = /"[^"]*"|'[^']*'/y;
const WORD_END = /[\s,;]|$/g;

/** Hides the values of names that speak of a secret. Names are found one by one: a value may hold further assignments. */
function hideAssigned(text: string): string {
  let shown = '';
  let from = 0;
  let wordEnd = 0;
  for (const { 0: whole, 1: name = '', 2: sign = '', index } of text.matchAll(NAME)) {
    const at = index + whole.length;
    if (index < from || !isSecretName(name)) continue;
    // Where many names stand in one word, its end is looked for once.
    if (wordEnd < at) wordEnd = firstFrom(WORD_END, text, at)?.index ?? text.length;
    const value = firstFrom(QUOTED, text, at)?.[0] ?? text.slice(at, wordEnd);
    if (isShown(name, sign, value, text.slice(Math.max(0, index - 12), index))) continue;
    shown += text.slice(from, at) + HIDDEN;
    from = at + value.length;
  }
  return shown + text.slice(from);
}

function firstFrom(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** The keys that are secrets; those of caches, tables and the like are not. */
const SECRET_KEY =
  /(?:api|access|secret|private|encrypt|encryption|decryption|sign|signing|account|shared|master|auth|ssh|session|storage|subscription|license|client|service|app|deploy|rsa|aes|hmac|jwt|gpg|pgp|tls|ssl)key(?:s|b64|base64|pem|hex|\d+)?$/;
/** What a name ends in that speaks about a secret, and is none. */
const ABOUT =
  /^(?:name|names|ref|refs|file|path|dir|type|url|uri|endpoint|length|count|limit|size|ttl|expiry|expires|expiration|issuer|provider|manager|store|class|namespace|version|mode|format|policy|status|error|required|enabled)$/;

/** Whether what is assigned to it is a secret: the word may stand anywhere in the name, e.g. `SECRET_KEY_BASE`. */
function isSecretName(name: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  const last = words.at(-1) ?? '';
  if (ABOUT.test(last)) return false;
  if (/^(?:auth|pass|pwd)$/.test(last) || words.some((word) => /(?:token|secret)s?$/.test(word))) return true;
  const joined = words.join('');
  return /passw(?:or)?d|passphrase|credential/.test(joined) || SECRET_KEY.test(joined);
}

/** Words of a message, or a type, where a value would stand. */
const PROSE =
  /^[("'`]*(?:unauthorized|denied|forbidden|invalid|expired|failed|unexpected|required|not|no|missing|cannot|could|unable|unknown|must|is|was|error|string|number|boolean)(?![\w+/=-])/i;

/** Whether a value can be no secret, in spite of its name. */
function isShown(name: string, sign: string, value: string, before: string): boolean {
  if (value.startsWith(HIDDEN) || !/[A-Za-z0-9]/.test(value)) return true;
  if (/^["']?(?:null|nil|none|undefined|true|false)["']?[)}\]]*$/i.test(value)) return true;
  // As people write it: a quoted name is of JSON.
  const isColon = /^\s*:/.test(sign);
  if (isColon && (PROSE.test(value) || /unexpected\s$/i.test(before))) return true;
  // `--- PASS: TestAnswer`, `pass=3`
  if (/^(?:[\w-]*-)?pass$/i.test(name) && (isColon || /^\d+$/.test(value))) return true;
  if (/^(?:old)?pwd$/i.test(name) && value.startsWith('/')) return true;
  if (/tokens$/i.test(name) && /^\d+$/.test(value)) return true;
  if (/(?:^|[\W_])auth$/i.test(name) && isColon) return !/^["'\\]*(?=[\w+/=.-]*[0-9A-Z])[\w+/=.-]{8,}/.test(value);
  return /key$/i.test(name) && /^["']?[~.]{0,2}\/(?:[a-z0-9._-]+\/)+[a-z0-9._-]+["']?$/.test(value);
}
