import { type Builder, parseDuration } from '@openfunction/api';

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

function span(limit: string | undefined): number {
  return limit === undefined ? 0 : (parseDuration(limit) ?? 0);
}
