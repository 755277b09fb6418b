import { readFileSync } from 'node:fs';
import { CodedError, explain } from '@openfunction/errors';
import type { z } from 'zod';

export interface ConfigSources {
  env: NodeJS.ProcessEnv;
  /** Arguments after the program, e.g. `--queue-prefix=demo`. */
  argv?: readonly string[];
}

/**
 * One frozen, validated configuration: defaults of the schema, then the JSON file named by `CONFIG_FILE`, then environment
 * variables (`queuePrefix` = `QUEUE_PREFIX`), then flags (`--queue-prefix=…`). Throws `config.invalid` that lists every wrong
 * setting by its environment name.
 */
export function loadConfig<Schema extends z.ZodObject>(
  schema: Schema,
  sources: ConfigSources,
): Readonly<z.output<Schema>> {
  const given = { ...fromFile(sources.env['CONFIG_FILE']), ...fromEnvironment(schema, sources) };
  const result = schema.safeParse(given);
  if (result.success) return Object.freeze(result.data);
  const faults = result.error.issues.map(
    (issue) => `${environmentName(String(issue.path[0] ?? ''))}: ${issue.message}`,
  );
  throw new CodedError('config.invalid', `configuration: ${faults.join('; ')}`);
}

/** The environment variable of a setting: `healthPort` = `HEALTH_PORT`. */
export function environmentName(setting: string): string {
  return setting.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** A copy for the log: values of settings that hold secrets, and what may be a secret inside URLs, are hidden. */
export function hideSecrets(config: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, hidden(name, value)]));
}

function hidden(name: string, value: unknown): unknown {
  if (/password|secret|token/i.test(name)) return '(hidden)';
  return typeof value === 'string' && value.includes('://') ? bareUrl(value) : value;
}

/** A URL without user, password and query: any of them may be, or hold, a secret. */
function bareUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) return '(hidden)';
  const { protocol, username, password, host, pathname, search } = url;
  const user = username === '' && password === '' ? '' : '(hidden)@';
  return `${protocol}//${user}${host}${pathname}${search === '' ? '' : '?(hidden)'}`;
}

function fromFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined || path === '') return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new CodedError('config.invalid', `configuration: CONFIG_FILE ${path}: ${explain(error)}`, error);
  }
}

function fromEnvironment(schema: z.ZodObject, sources: ConfigSources): Record<string, string> {
  const found: Record<string, string> = {};
  for (const setting of Object.keys(schema.shape)) {
    const name = environmentName(setting);
    const flag = `--${name.toLowerCase().replaceAll('_', '-')}=`;
    const value =
      sources.argv?.findLast((argument) => argument.startsWith(flag))?.slice(flag.length) ?? sources.env[name];
    if (value !== undefined && value !== '') found[setting] = value;
  }
  return found;
}
