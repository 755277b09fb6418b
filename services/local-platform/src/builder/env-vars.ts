/**
 * The build variables of a Build, read as the scripts of the strategies do, after the kubelet has made one `$` of each `$$` in their
 * arguments. Undefined when one is not of the form NAME=value.
 */
export function parseEnv(pairs: readonly string[], text: string): Record<string, string> | undefined {
  const all = [...splitEnvVars(text), ...pairs].map((pair) => pair.replaceAll('$$', '$'));
  if (!all.every(isPair)) return undefined;
  return Object.fromEntries(all.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

/** The parameter ENV_VARS, `k1=v1#k2=v2#`: a piece without a name belongs to the value before it, which had a `#` of its own. */
export function splitEnvVars(text: string): string[] {
  const pairs: string[] = [];
  for (const piece of text.replace(/#$/, '').split('#')) {
    if (pairs.length === 0 || isPair(piece)) pairs.push(piece);
    else pairs.push(`${pairs.pop()}#${piece}`);
  }
  return text === '' ? [] : pairs;
}

function isPair(text: string): boolean {
  return /^[A-Za-z_][\w.-]*=/.test(text);
}
