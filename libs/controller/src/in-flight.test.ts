import { BUILDER, type KubeObject, SERVING } from '@openfunction/api';
import { expect, it } from 'vitest';
import { InFlight } from './in-flight.ts';

const object: KubeObject = { apiVersion: 'v1', kind: 'Builder', metadata: { namespace: 'ns', name: 'a' } };

it('waits for a write of that object alone, even for one that fails', async () => {
  const inFlight = new InFlight();
  const log: string[] = [];
  const { promise: answer, reject } = Promise.withResolvers<void>();
  const writing = inFlight.during(BUILDER, object, () => answer).catch(() => log.push('refused'));
  const waiting = inFlight.over(BUILDER, object).then(() => log.push('over'));
  await inFlight.over(SERVING, object);
  await inFlight.over(BUILDER, { ...object, metadata: { namespace: 'ns', name: 'b' } });
  log.push('others');
  reject(new Error('no'));
  await Promise.all([writing, waiting]);
  expect(log[0]).toBe('others');
  expect(log.toSorted()).toEqual(['others', 'over', 'refused']);
  await inFlight.over(BUILDER, object);
});
