import type { Kind, Serving } from '@openfunction/api';
import type { World } from '@openfunction/controller';
import { expect, it } from 'vitest';
import { absentAuthentications } from './authentications.ts';

const world = (known: Record<string, boolean | undefined>) =>
  ({
    exists: async ({ kind }: Kind, { namespace = '', name }: { namespace?: string; name: string }) =>
      known[`${kind} ${namespace}/${name}`],
  }) as unknown as World;

function serving(...references: ({ name: string; kind?: string } | undefined)[]): Serving {
  const triggers = references.map((authenticationRef) => ({ type: 'redis', metadata: {}, authenticationRef }));
  return { metadata: { namespace: 'ns', name: 's' }, spec: { scaleOptions: { keda: { triggers } } } } as Serving;
}

it('names what a trigger speaks of and nobody has made, of the namespace or of the cluster', async () => {
  const known = {
    'TriggerAuthentication ns/a': true,
    'TriggerAuthentication ns/b': false,
    'ClusterTriggerAuthentication /a': false,
  };
  const wanted = serving({ name: 'a' }, undefined, { name: 'b' }, { name: 'a', kind: 'ClusterTriggerAuthentication' });
  expect(await absentAuthentications(wanted, world(known))).toEqual([
    'spec.serving.scaleOptions.keda.triggers[2].authenticationRef: TriggerAuthentication "b" does not exist in namespace ns.',
    'spec.serving.scaleOptions.keda.triggers[3].authenticationRef: ClusterTriggerAuthentication "a" does not exist.',
  ]);
});

it('says nothing of what nobody can tell, nor without triggers', async () => {
  expect(await absentAuthentications(serving({ name: 'a' }), world({}))).toEqual([]);
  expect(await absentAuthentications({ metadata: { name: 's' }, spec: {} } as Serving, world({}))).toEqual([]);
});
