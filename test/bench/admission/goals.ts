import type { AdmissionFigures } from '../admission.ts';

/** One figure beside what it should be. */
interface Goal {
  goal: string;
  /** null: it could not be measured. */
  figure: number | null;
  met: boolean;
}

/** The goals for admission, with what was measured. Nothing is asserted: figures of a shared machine are noisy. */
export function goalsOf(figures: AdmissionFigures): Goal[] {
  const { cpu, steady, create, huge, rssMiB, readyMs } = figures;
  const names = Object.keys(steady);
  return [
    ...names.map((name) =>
      atMost(`${name}: mutate at 32 connections, times the bare handler`, 1.6, ratio(cpu.mutate, name)),
    ),
    ...names.map((name) =>
      atMost(`${name}: validate at 32 connections, times the bare handler`, 1.4, ratio(cpu.validate, name)),
    ),
    ...names.map((name) => atLeast(`${name}: handler, % within 2 ms`, 99, steady[name]?.handler['all']?.within2ms)),
    atMost('create: added p50 in ms', 2, create.addedMs.p50),
    atLeast('1 MiB: accepted of 100 %', 100, (huge.mutate.accepted / huge.mutate.reviews) * 100),
    atMost('1 MiB: mutate p99 in ms', 50, huge.mutate.clientMs.p99),
    atMost('1 MiB: validate p99 in ms', 50, huge.validate.clientMs.p99),
    ...names.map((name) => atMost(`${name}: RSS after the load in MiB`, 150, rssMiB.afterLoad[name])),
    atMost('start to ready in ms', 700, readyMs.median),
  ];
}

type Row = AdmissionFigures['cpu']['mutate'];

function ratio(row: Row, name: string): number | undefined {
  const cell = row['32 connections'];
  return cell === undefined || cell === 'absent' ? undefined : cell[name]?.ratio;
}

function atMost(goal: string, limit: number, figure: number | undefined): Goal {
  return { goal: `${goal} <= ${limit}`, figure: figure ?? null, met: figure !== undefined && figure <= limit };
}

function atLeast(goal: string, limit: number, figure: number | undefined): Goal {
  return { goal: `${goal} >= ${limit}`, figure: figure ?? null, met: figure !== undefined && figure >= limit };
}
