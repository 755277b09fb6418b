import { silentLogger } from '@openfunction/telemetry';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DaprRuntime } from './runtime.ts';

const logger = silentLogger();
const forever = new AbortController().signal;
let said: string[];
const hear = (reason: string, message: string) => said.push(`${reason}: ${message}`);

beforeEach(() => {
  said = [];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

describe('the Dapr runtime', () => {
  test('that is there is used at once', async () => {
    const runtime = new DaprRuntime({ program: '/bin/daprd', logger });
    expect(await runtime.program(hear, forever)).toBe('/bin/daprd');
    expect(said).toEqual([]);
  });

  test('is built once for all that need it, which is said', async () => {
    const built = Promise.withResolvers<string>();
    const find = vi.fn(() => built.promise);
    const runtime = new DaprRuntime({ program: undefined, logger, find });
    const both = [runtime.program(hear, forever), runtime.program(hear, forever)];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/^DaprBuilding: .*about 4 minutes/);
    built.resolve('/cache/daprd');
    expect(await Promise.all(both)).toEqual(['/cache/daprd', '/cache/daprd']);
    expect(find).toHaveBeenCalledOnce();
  });

  test('that cannot be had is said, and looked for again', async () => {
    const find = vi.fn().mockRejectedValueOnce(new Error('no Go')).mockResolvedValue('/cache/daprd');
    const program = new DaprRuntime({ program: undefined, logger, find }).program(hear, forever);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(said).toEqual(['DaprNotAvailable: The Dapr runtime cannot be had: no Go']);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await program).toBe('/cache/daprd');
  });

  test('is not waited for by a pod that is gone', async () => {
    const gone = new AbortController();
    const find = () => Promise.withResolvers<string>().promise;
    const program = new DaprRuntime({ program: undefined, logger, find }).program(hear, gone.signal);
    gone.abort();
    expect(await program).toBeUndefined();
  });
});
