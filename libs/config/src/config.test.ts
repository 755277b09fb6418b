import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { environmentName, hideSecrets, loadConfig } from './index.ts';

const schema = z.object({
  redisUrl: z.string().min(1),
  healthPort: z.coerce.number().int().max(65535).default(8081),
  mode: z.enum(['on', 'off']).default('on'),
});
const folder = mkdtempSync(join(tmpdir(), 'openfunction-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('goes from defaults over the file and the environment to flags', () => {
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify({ redisUrl: 'file', healthPort: 1, mode: 'off' }));
  const env = { CONFIG_FILE: file, REDIS_URL: 'env', HEALTH_PORT: '2' };
  expect(loadConfig(schema, { env: { REDIS_URL: 'env' } })).toEqual({ redisUrl: 'env', healthPort: 8081, mode: 'on' });
  expect(loadConfig(schema, { env, argv: ['--health-port=3'] })).toEqual({
    redisUrl: 'env',
    healthPort: 3,
    mode: 'off',
  });
});

it('lists every fault at once, by the name of its variable', () => {
  const load = () => loadConfig(schema, { env: { HEALTH_PORT: '70000', MODE: 'x' } });
  expect(load).toThrow(/REDIS_URL: .*; HEALTH_PORT: .*; MODE: /);
  expect(load).toThrow(expect.objectContaining({ code: 'config.invalid' }));
});

it('names a file that cannot be read', () => {
  expect(() => loadConfig(schema, { env: { CONFIG_FILE: join(folder, 'absent') } })).toThrow(/CONFIG_FILE .*absent/);
});

it('treats an empty variable as absent, and freezes the result', () => {
  const config = loadConfig(schema, { env: { REDIS_URL: 'r', HEALTH_PORT: '' } });
  expect(config.healthPort).toBe(8081);
  expect(Object.isFrozen(config)).toBe(true);
});

it.each([
  ['redisUrl', 'redis://user:pass@host:1', 'redis://(hidden)@host:1'],
  ['redisUrl', 'redis://:p@ss@host:1/2', 'redis://(hidden)@host:1/2'],
  ['redisUrl', 'rediss://host:1?password=pass', 'rediss://host:1?(hidden)'],
  ['redisUrl', 'redis://pa ss@ho st', '(hidden)'],
  ['redisUrl', 'redis://host:1', 'redis://host:1'],
  ['apiToken', 't', '(hidden)'],
  ['host', '127.0.0.1', '127.0.0.1'],
  ['port', 1, 1],
])('hides secrets from the log: %s %s', (name, value, shown) => {
  expect(hideSecrets({ [name]: value })).toEqual({ [name]: shown });
});

it('calls variables as settings are called', () => {
  expect(environmentName('healthPort')).toBe('HEALTH_PORT');
});
