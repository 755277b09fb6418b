import type { EnvVar, Pod } from '../objects.ts';

/** From what the variables of a function's process are made. */
export interface EnvironmentSource {
  pod: Pod;
  /** Variables of the image. */
  image: Record<string, string>;
  /** Variables of the container. */
  container: readonly EnvVar[];
  /** The port on 127.0.0.1 that this process has to listen on. */
  port: number;
  /** A folder of its own, which it may write to. */
  home: string;
  /** Variables of what runs beside the function, over those of the container. */
  beside: Record<string, string>;
  /** Variables of the platform's own process, of which only harmless ones are passed on. */
  host: NodeJS.ProcessEnv;
}

/** Variables of the host without which programs behave oddly. Everything else, tokens above all, stays here. */
const PASSED_ON = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];
/** Settings of OpenFunction's frameworks that name the port a second time. */
const CONTEXTS = ['FUNC_CONTEXT', 'FUNC_CONTEXT_V1BETA2'];
const REFERENCE = /\$\$|\$\(([A-Za-z_.-][\w.-]*)\)/g;

/**
 * The variables of a function's process: host, image, container (the last of one name wins, `$(NAME)` stands for an earlier
 * one, as in a kubelet), then what only this machine knows. Throws a sentence when a variable comes from a source that is
 * not offered here.
 */
export function makeEnvironment(source: EnvironmentSource): Record<string, string> {
  const { pod, port, home } = source;
  const env: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = source.host[name];
    if (value !== undefined) env[name] = value;
  }
  Object.assign(env, { HOME: home, HOSTNAME: pod.metadata.name }, source.image);
  for (const variable of source.container) env[variable.name] = valueOf(variable, pod, env);
  Object.assign(env, source.beside);
  for (const name of CONTEXTS) if (env[name] !== undefined) env[name] = withPort(env[name], port);
  env['PORT'] = String(port);
  return env;
}

function valueOf(variable: EnvVar, pod: Pod, env: Record<string, string>): string {
  if (variable.valueFrom === undefined) {
    return (variable.value ?? '').replace(REFERENCE, (whole, name) => (whole === '$$' ? '$' : (env[name] ?? whole)));
  }
  const path = variable.valueFrom.fieldRef?.fieldPath;
  const value = path === undefined ? undefined : fieldOf(pod, path);
  if (value === undefined) {
    const from = path === undefined ? Object.keys(variable.valueFrom).join(', ') : `field ${path}`;
    throw new Error(
      `Variable ${JSON.stringify(variable.name)} comes from ${from}, which the local platform does not offer.`,
    );
  }
  return value;
}

/** A field of the pod by its path in the downward API. */
function fieldOf(pod: Pod, path: string): string | undefined {
  const entry = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (entry?.[1] !== undefined && entry[2] !== undefined) {
    return pod.metadata[entry[1] as 'labels' | 'annotations']?.[entry[2]] ?? '';
  }
  const fields: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'status.hostIP': '127.0.0.1',
    'status.podIP': '127.0.0.1',
  };
  return fields[path];
}

/** A function context whose port is the one of this process: on a cluster each pod has the port to itself. */
function withPort(context: string, port: number): string {
  try {
    const parsed: unknown = JSON.parse(context);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return context;
    return JSON.stringify({ ...parsed, port: String(port) });
  } catch {
    return context; // the framework itself says what is wrong with it
  }
}
