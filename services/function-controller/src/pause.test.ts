import { describe, expect, it } from 'vitest';
import { markFailed, markPaused } from './conditions.ts';
import { HTTP, makeFunction, World } from './testdata/world.ts';

const at = (seconds: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000);

describe('a paused Function', () => {
  it('says so once, with the time at which it was seen, whatever changes afterwards', () => {
    const world = new World(makeFunction({ serving: HTTP }));
    world.settle();
    const before = world.fn.status;
    const first = markPaused(world.fn, at(0));
    expect(first?.conditions?.find(({ type }) => type === 'Paused')).toMatchObject({
      status: 'True',
      reason: 'Paused',
      message: expect.stringContaining('openfunction.io/paused'),
      lastTransitionTime: '2026-01-01T00:00:00Z',
    });
    const edited = { ...world.fn, metadata: { ...world.fn.metadata, generation: 7 }, status: first };
    expect(markPaused(edited as typeof world.fn, at(60))).toBe(first);
    expect({ ...first, conditions: [] }).toEqual({ ...before, conditions: [] });
  });

  it('tells of its parts what was true when it was paused, but not that something goes on', () => {
    const world = new World(makeFunction({ serving: HTTP }));
    world.settle();
    expect(world.condition('Reconciling')).toBeDefined();
    const rest = world.fn.status?.conditions?.filter(({ type }) => type !== 'Reconciling');
    const paused = markPaused(world.fn, at(0))?.conditions;
    expect(paused?.filter(({ type }) => type !== 'Paused')).toEqual(rest);
  });

  it('can be one of which nothing was known yet', () => {
    const status = markPaused(makeFunction({ serving: HTTP }), at(0));
    expect(status?.conditions?.map(({ type }) => type)).toEqual(['Paused']);
    expect(status?.observedGeneration).toBeUndefined();
  });

  it('loses the condition with the first thing said after the pause', () => {
    const world = new World(makeFunction({ serving: HTTP }));
    const status = markPaused(world.fn, at(0));
    if (status === undefined) throw new Error('nothing was said');
    world.fn = { ...world.fn, status };
    const types = (conditions: { type: string }[] | undefined) => conditions?.map(({ type }) => type);
    expect(types(markFailed(world.fn, new Error('no'), at(1)).conditions)).toEqual(['Ready', 'Stalled']);
    world.settle();
    expect(world.condition('Paused')).toBeUndefined();
    expect(world.condition('Ready')).toBeDefined();
  });
});
