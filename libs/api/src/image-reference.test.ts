import { expect, it } from 'vitest';
import { imageFault } from './image-reference.ts';
import { cpuMs } from './testdata/cpu-ms.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;

it.each([
  'hello',
  'registry/hello',
  'registry.example:5000/team/hello_world:v1.0-rc_1',
  `localhost:5000/a/b@${DIGEST}`,
  `HOST.example/hello:Latest@${DIGEST}`,
  '[::1]:5000/hello',
  'a/b__c/d--e/f.g',
])('%s is an image reference', (text) => {
  expect(imageFault(text)).toBeUndefined();
});

it.each([
  ['<your registry>/hello', 'place of "<your registry>"'],
  ['a b', 'white space'],
  [' hello', 'white space'],
  ['https://registry/hello', 'scheme'],
  ['registry/Hello', 'lower-case'],
  ['Hello', 'lower-case'],
  ['hello:', 'tag is empty'],
  ['hello:v1!', 'tag may hold'],
  [`hello:${'v'.repeat(129)}`, 'tag may hold'],
  ['hello@sha256:12', 'digest'],
  ['hello@', 'digest'],
  ['a//b', 'write'],
  ['/hello', 'write'],
  ['-hello', 'write'],
  ['a'.repeat(513), 'longer'],
])('%j is none: %s', (text, reason) => {
  expect(imageFault(text)).toContain(reason);
});

it('no text takes long to read', () => {
  const took = cpuMs(() => {
    for (const part of ['a', 'a-', 'a.', 'a_', '/a', 'A']) imageFault(`${part.repeat(250)}!`);
  });
  expect(took).toBeLessThan(50);
});
