import { ANNOTATION, type Builder, isBuilderEnded, STATE } from '@openfunction/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUILD, HTTP, makeFunction, World } from './testdata/world.ts';

/*
 * Whatever happens to a Function, and wherever a controller stops in the middle of it: once its builds end and its Servings run, what is
 * served is what the spec says.
 */

type Step = (history: History) => void;

/** A Function, and what its images were built from. */
class History {
  readonly world = new World(makeFunction({ build: BUILD, serving: HTTP }));
  readonly sources = new Map<string, string | undefined>();

  edit(source: string | undefined, level: string | undefined): void {
    this.world.change({
      ...(source !== undefined && { build: { ...BUILD, env: { SOURCE: source } } }),
      ...(level !== undefined && { serving: { ...HTTP, params: { LEVEL: level } } }),
    });
  }

  annotate(annotations: Record<string, string>): void {
    this.world.fn = { ...this.world.fn, metadata: { ...this.world.fn.metadata, annotations } };
  }

  end(state: 'Succeeded' | 'Failed'): void {
    const builder = [...this.world.builders.values()].find((each) => !isBuilderEnded(each));
    if (builder === undefined) return;
    const digest = `sha256:${this.sources.size + 1}`;
    if (state === 'Succeeded') this.sources.set(digest, builder.spec.env?.['SOURCE']);
    const status = { state, ...(state === 'Succeeded' && { output: { digest } }) };
    this.world.builders.set(builder.metadata.name, { ...builder, status } as Builder);
  }

  runAll(): void {
    const { servings, now } = this.world;
    for (const [name, serving] of servings) {
      const status = { state: STATE.running, readyTime: now.toISOString(), url: `${name}-ksvc` };
      servings.set(name, { ...serving, status });
    }
  }

  /** What is to be built ends well, and what is there runs. */
  goOn(): void {
    this.world.settle();
    this.end('Succeeded');
    this.world.settle();
    this.runAll();
    this.world.settle();
    if (this.world.route !== undefined) this.world.acceptRoute();
    this.world.later(6);
    this.world.settle();
  }
}

const happenings = fc.oneof(
  fc.constantFrom<Step>(
    ({ world }) => world.later(6),
    ({ world }) => world.servings.clear(),
    (history) => history.end('Succeeded'),
    (history) => history.end('Failed'),
    (history) => history.runAll(),
    (history) => history.annotate({}),
    (history) => history.annotate({ [ANNOTATION.rollbackTo]: '1' }),
  ),
  fc.tuple(fc.constantFrom(undefined, 'a', 'b'), fc.constantFrom(undefined, undefined, 'x', 'y')).map<Step>(
    ([source, level]) =>
      (history) =>
        history.edit(source, level),
  ),
);

/** How far the controller comes before the next thing happens. */
const reactions = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>(({ world }) => world.settle()) },
  {
    weight: 2,
    arbitrary: fc.nat(3).map<Step>(
      (most) =>
        ({ world }) =>
          world.act(most),
    ),
  },
);

/** What ends otherwise than the spec says. */
function faults({ world, sources }: History): string[] {
  const { build: { state } = {}, revision, versions = [] } = world.fn.status ?? {};
  const { build, serving } = world.fn.spec;
  const served = [...world.servings.values()].map(({ spec }) => [spec.image, spec.params?.['LEVEL']]);
  const wanted = [`acme/fn:v1@${revision?.imageDigest}`, serving?.params?.['LEVEL']];
  const isBuilt = state === STATE.succeeded;
  const found = {
    'the build has neither succeeded nor failed': !isBuilt && state !== STATE.failed,
    'another source was built last': isBuilt && sources.get(revision?.imageDigest ?? '') !== build?.env?.['SOURCE'],
    'something else is served': isBuilt && JSON.stringify(served) !== JSON.stringify([wanted]),
    'nothing is served, though a version had run': versions.length > 0 && served.length === 0,
    'a build still runs': [...world.builders.values()].some((builder) => !isBuilderEnded(builder)),
  };
  return Object.entries(found).flatMap(([fault, is]) => (is ? [fault] : []));
}

describe('a Function, whatever has happened to it', () => {
  it('ends with what its spec says', () => {
    const steps = fc.array(fc.tuple(happenings, reactions), { minLength: 5, maxLength: 25, size: 'max' });
    const law = fc.property(steps, fc.boolean(), (taken, hasRun) => {
      const history = new History();
      if (hasRun) history.goOn();
      for (const [happens, reacts] of taken) {
        happens(history);
        reacts(history);
      }
      history.annotate({});
      for (let round = 0; round < 5; round += 1) history.goOn();
      expect(faults(history)).toEqual([]);
    });
    fc.assert(law, { seed: 2, numRuns: 100 });
  });
});
