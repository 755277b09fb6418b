import { nextTime, parseCron, wallClock } from './cron-schedule.ts';
import { askRedis, type RedisAddress } from './redis-command.ts';

/** A trigger of a ScaledObject or ScaledJob. */
export interface TriggerSpec {
  type: string;
  name?: string;
  metadata: Record<string, string>;
  metricType?: string;
  authenticationRef?: { name: string };
}

/** What a trigger says now. */
export interface Reading {
  /** The length of a queue, or a wanted number of instances. */
  value: number;
  /** How much of it one instance takes. */
  target: number;
  active: boolean;
}

/** Asks a trigger. Throws a sentence when there is no answer. */
export type Trigger = (now: Date) => Promise<Reading>;

const DEFAULT_LENGTH = 5;
const REDIS_PORT = 6379;

/**
 * What stands behind a trigger. `env` are the variables of the container that is scaled, for settings that end in `FromEnv`.
 * Throws a sentence when the trigger is wrong, or is one that only a cluster has.
 */
export function makeTrigger(spec: TriggerSpec, env: Readonly<Record<string, string>>): Trigger {
  if (spec.authenticationRef !== undefined) {
    throw new Error(
      `trigger ${spec.type} takes its credentials from TriggerAuthentication ${JSON.stringify(spec.authenticationRef.name)}: ` +
        'that needs a cluster with KEDA; here credentials come from variables of the container (passwordFromEnv)',
    );
  }
  const setting = settingsOf(spec, env);
  if (spec.type === 'cron') return cronTrigger(setting);
  if (spec.type === 'redis') return redisTrigger(setting, 'listName', (name) => ['LLEN', name]);
  if (spec.type === 'redis-streams' && setting('consumerGroup') === undefined)
    return redisTrigger(setting, 'stream', (name) => ['XLEN', name], 'streamLength');
  if (spec.type === 'redis-streams')
    return setting('lagCount') === undefined ? pendingTrigger(setting) : lagTrigger(setting);
  throw new Error(
    `trigger type ${JSON.stringify(spec.type)} needs a cluster with KEDA: the local platform plays cron, redis and redis-streams`,
  );
}

type Settings = (name: string) => string | undefined;

function settingsOf({ metadata }: TriggerSpec, env: Readonly<Record<string, string>>): Settings {
  return (name) => {
    const variable = metadata[`${name}FromEnv`];
    return metadata[name] || (variable === undefined ? undefined : env[variable]) || undefined;
  };
}

function required(setting: Settings, name: string): string {
  const value = setting(name);
  if (value === undefined) throw new Error(`the trigger's metadata has no ${name}`);
  return value;
}

/** Between a start and the next end it wants a number of instances. */
function cronTrigger(setting: Settings): Trigger {
  const [start, end] = [parseCron(required(setting, 'start')), parseCron(required(setting, 'end'))];
  const timezone = required(setting, 'timezone');
  const wanted = Number(required(setting, 'desiredReplicas'));
  if (!Number.isInteger(wanted) || wanted < 0) throw new Error('desiredReplicas is no number of instances');
  wallClock(new Date(), timezone); // throws when there is no such zone
  return async (now) => {
    const clock = wallClock(now, timezone);
    const [nextStart, nextEnd] = [nextTime(start, clock), nextTime(end, clock)];
    const active = nextEnd !== undefined && (nextStart === undefined || nextEnd < nextStart);
    return { value: active ? wanted : 0, target: 1, active };
  };
}

function redisTrigger(
  setting: Settings,
  key: string,
  command: (name: string) => string[],
  length = 'listLength',
): Trigger {
  const name = required(setting, key);
  const address = addressOf(setting);
  const target = positive(setting, length);
  const activation = Number(setting('activationListLength') ?? 0);
  return async () => {
    const value = Number(await askRedis(address, command(name)));
    return { value, target, active: value > activation };
  };
}

/** Entries of a stream that were delivered to a group and not acknowledged. */
function pendingTrigger(setting: Settings): Trigger {
  const [stream, group] = [required(setting, 'stream'), required(setting, 'consumerGroup')];
  const address = addressOf(setting);
  const target = positive(setting, 'pendingEntriesCount');
  return async () => {
    const summary = await askRedis(address, ['XPENDING', stream, group]);
    const value = Number(Array.isArray(summary) ? summary[0] : 0);
    return { value, target, active: value > 0 };
  };
}

/**
 * Entries of a stream that were not delivered to a group yet (none where Redis cannot tell, as after XDEL); before the group is made, all
 * that there are: its consumers make it, and there are none at zero.
 */
function lagTrigger(setting: Settings): Trigger {
  const [stream, group] = [required(setting, 'stream'), required(setting, 'consumerGroup')];
  const address = addressOf(setting);
  const target = positive(setting, 'lagCount');
  const activation = Number(setting('activationLagCount') ?? 0);
  return async () => {
    const groups = (await askRedis(address, ['XINFO', 'GROUPS', stream])) as unknown[][];
    const found = groups.map(fieldsOf).find((fields) => fields.get('name') === group);
    if (found !== undefined && !found.has('lag')) throw new Error('lagCount needs Redis 7 or newer');
    const value = Number(found === undefined ? await askRedis(address, ['XLEN', stream]) : found.get('lag'));
    return { value, target, active: value > activation };
  };
}

/** What Redis writes as a list of name, value, name, value … */
function fieldsOf(list: unknown[]): Map<unknown, unknown> {
  return new Map(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]] as const] : [])));
}

function positive(setting: Settings, name: string): number {
  const value = Number(setting(name) ?? DEFAULT_LENGTH);
  if (!(value > 0)) throw new Error(`${name} is no number above 0`);
  return value;
}

function addressOf(setting: Settings): RedisAddress {
  const whole = setting('address') ?? `${setting('host') ?? ''}:${setting('port') ?? REDIS_PORT}`;
  const colon = whole.lastIndexOf(':');
  const [host, port] = [whole.slice(0, colon), Number(whole.slice(colon + 1))];
  if (host === '' || !Number.isInteger(port))
    throw new Error(`the trigger names no Redis: address is ${JSON.stringify(whole)}`);
  const database = Number(setting('databaseIndex') ?? 0);
  return { host, port, username: setting('username'), password: setting('password'), database };
}
