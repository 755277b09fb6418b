import { describe, expect, it } from 'vitest';
import { Turn } from './turn.ts';

function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('a turn', () => {
  it('works on all that came in it before anybody gets an answer, in the order of arrival', async () => {
    const turn = new Turn();
    const seen: string[] = [];
    const ask = async (name: string) => {
      const answer = await turn.run(async () => {
        seen.push(`work ${name}`);
        return name;
      });
      seen.push(`answer ${answer}`);
    };
    await Promise.all(['a', 'b'].map(ask));
    expect(seen).toEqual(['work a', 'work b', 'answer a', 'answer b']);
  });

  it('passes on what work throws, and goes on with the rest', async () => {
    const turn = new Turn();
    const outcomes = await Promise.allSettled([
      turn.run(() => {
        throw new Error('at once');
      }),
      turn.run(() => Promise.reject(new Error('later'))),
      turn.run(async () => 7),
    ]);
    expect(outcomes).toEqual([
      { status: 'rejected', reason: new Error('at once') },
      { status: 'rejected', reason: new Error('later') },
      { status: 'fulfilled', value: 7 },
    ]);
  });

  it('lets answers out between pieces of work that take long', async () => {
    const turn = new Turn();
    const seen: string[] = [];
    const ask = async (name: string) => {
      await turn.run(async () => {
        seen.push(`work ${name}`);
        busy(5);
      });
      seen.push(`answer ${name}`);
    };
    await Promise.all(['a', 'b'].map(ask));
    expect(seen).toEqual(['work a', 'answer a', 'work b', 'answer b']);
  });

  it('takes on what comes while it works', async () => {
    const turn = new Turn();
    const inner = await turn.run(async () => turn.run(async () => 'inner'));
    expect(inner).toBe('inner');
  });
});
