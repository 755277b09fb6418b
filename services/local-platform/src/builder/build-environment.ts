/** What a build may know of the environment it runs in: how to reach package sources, and nothing of the platform's own. */
const KEPT = new Set([
  'PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'SSH_AUTH_SOCK',
  'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy',
  'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO', 'GIT_SSL_NO_VERIFY',
  'GOPATH', 'GOCACHE', 'GOMODCACHE', 'GOPROXY', 'GOPRIVATE', 'GONOPROXY', 'GONOSUMDB', 'GOSUMDB', 'GOINSECURE', 'GOTOOLCHAIN', 'GOAUTH',
  'GOROOT', 'GOENV', 'UV_INDEX_URL', 'PYENV_ROOT', 'PYENV_VERSION', 'VIRTUAL_ENV',
]); // biome-ignore format: one row for each tool

/** npm passes its own settings on as `npm_config_*`; these say where packages come from, the others describe the caller. */
const KEPT_NPM = new Set([
  'registry',
  'cache',
  'cafile',
  'ca',
  'proxy',
  'https_proxy',
  'noproxy',
  'strict_ssl',
  'userconfig',
  'globalconfig',
]);

/** The part of `environment` that a build gets. */
export function makeBuildEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && isKept(name)) kept[name] = value;
  }
  return kept;
}

function isKept(name: string): boolean {
  const npm = /^npm_config_(.+)$/i.exec(name)?.[1]?.toLowerCase();
  if (npm !== undefined) return KEPT_NPM.has(npm) || npm.startsWith('//') || npm.startsWith('@');
  return KEPT.has(name) || name.startsWith('PIP_');
}
