import type { System } from '@openfunction/testing';

/** How often keys were looked at, by controller and outcome, e.g. `serving unchanged`: the sum over all replicas. */
export type Looks = ReadonlyMap<string, number>;

/** Asks the services' own metrics (`openfunction.reconcile.duration`). */
export async function countLooks({ replicas }: System): Promise<Looks> {
  const looks = new Map<string, number>();
  for (const { healthPort } of replicas.values()) {
    const text = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text();
    for (const [outcome, count] of readLooks(text)) looks.set(outcome, (looks.get(outcome) ?? 0) + count);
  }
  return looks;
}

/** What was looked at between two counts, for each of so many Functions. `unchanged` ones found nothing to do. */
export function looksPerFunction(before: Looks, after: Looks, functions: number): Record<string, number> {
  const each = [...after].map(([outcome, count]): [string, number] => {
    const per = (count - (before.get(outcome) ?? 0)) / functions;
    return [outcome, Math.round(per * 100) / 100];
  });
  return Object.fromEntries(each.filter(([, per]) => per > 0).sort());
}

function readLooks(metrics: string): [string, number][] {
  const lines = metrics.split('\n').filter((line) => line.startsWith('openfunction_reconcile_duration_count{'));
  return lines.map((line) => {
    const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
    const value = Number(/} (\d+)/.exec(line)?.[1] ?? Number.NaN);
    return [`${label('controller')} ${label('outcome')}`, value];
  });
}
