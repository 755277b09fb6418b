import { type Builder, parseDuration } from '@openfunction/api';
import type { Rebuilds } from './again.ts';

/** How long a build may take, and which field of the Function says so. */
export interface TimeLimit {
  field: 'spec.build.timeout' | 'spec.build.shipwright.timeout';
  limit: string;
}

/** The earlier of the limit of the whole build and of Shipwright's own, which the original ignored (Q23); 0 is no limit there. */
export function timeLimit({ spec }: Builder): TimeLimit | undefined {
  const limits: { field: TimeLimit['field']; limit: string | undefined }[] = [
    { field: 'spec.build.timeout', limit: spec.timeout },
    { field: 'spec.build.shipwright.timeout', limit: spec.shipwright?.timeout },
  ];
  const given = limits.filter((each): each is TimeLimit => span(each.limit) > 0);
  return given.sort((a, b) => span(a.limit) - span(b.limit))[0];
}

/** What helps a build that was stopped because of its time limit. */
export function outOfTime(field: TimeLimit['field']): string {
  return `Raise ${field}, or mend what it waited for`;
}

/** The limit of the whole build is no part of what is built; Shipwright's own is. */
export function rebuildsBy(field: TimeLimit['field']): Rebuilds {
  return field === 'spec.build.timeout' ? 'no' : 'perhaps';
}

function span(limit: string | undefined): number {
  return limit === undefined ? 0 : (parseDuration(limit) ?? 0);
}
