/**
 * The parameter ENV_VARS of the build strategies: `k1=v1#k2=v2#`. Read as the strategy's own shell does: split at each `#`,
 * then at the first `=`; what has no name or no `=` is passed over.
 */
export function parseEnvVars(text: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const pair of text.split('#')) {
    const at = pair.indexOf('=');
    if (at > 0) env[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return env;
}
