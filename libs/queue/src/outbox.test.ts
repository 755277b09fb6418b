import { describe, expect, test } from 'vitest';
import type { Key, Wake } from './contract.ts';
import { Outbox } from './outbox.ts';

const key = (name: string): Key => ({ namespace: 'demo', name, uid: `uid-${name}` });

/** An outbox whose deliveries end when the test says so. */
function held() {
  const sent: { key: Key; wake: Wake; end: PromiseWithResolvers<void> }[] = [];
  const outbox = new Outbox((key, wake) => {
    const end = Promise.withResolvers<void>();
    sent.push({ key, wake, end });
    return end.promise;
  });
  return { sent, outbox };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('outbox', () => {
  test('what comes while a key is on its way is sent once more, merged', async () => {
    const { sent, outbox } = held();
    const first = outbox.add(key('a'), {});
    const second = outbox.add(key('a'), { floor: { x: '9' }, priority: 'low' });
    const third = outbox.add(key('a'), { floor: { x: '10', y: '1' }, traceparent: 't' });
    expect(sent).toHaveLength(1);
    sent[0]?.end.resolve();
    await first;
    await settled();
    expect(sent).toHaveLength(2);
    expect(sent[1]?.wake).toEqual({ floor: { x: '10', y: '1' }, traceparent: 't' });
    sent[1]?.end.resolve();
    await Promise.all([second, third]);
    await settled();
    expect(outbox.size).toBe(0);
  });

  test('keys do not wait for one another', () => {
    const { sent, outbox } = held();
    void outbox.add(key('a'), {});
    void outbox.add(key('b'), {});
    expect(sent.map((one) => one.key.name)).toEqual(['a', 'b']);
  });

  test('an object made again under its name goes out with its new uid', async () => {
    const { sent, outbox } = held();
    void outbox.add(key('a'), {});
    void outbox.add(key('a'), {});
    void outbox.add({ ...key('a'), uid: 'newer' }, {});
    sent[0]?.end.resolve();
    await settled();
    expect(sent[1]?.key.uid).toBe('newer');
  });

  test('a failed delivery is told to those who wait for it, and the next one goes out', async () => {
    const { sent, outbox } = held();
    const first = outbox.add(key('a'), {});
    const second = outbox.add(key('a'), {});
    sent[0]?.end.reject(new Error('no'));
    await expect(first).rejects.toThrow('no');
    await settled();
    sent[1]?.end.resolve();
    await expect(second).resolves.toBeUndefined();
  });

  test('nobody has to look at the promise', async () => {
    const { sent, outbox } = held();
    void outbox.add(key('a'), {});
    sent[0]?.end.reject(new Error('an unhandled rejection would fail this run'));
    await settled();
    expect(outbox.size).toBe(0);
  });
});
