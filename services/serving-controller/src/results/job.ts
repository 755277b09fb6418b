import type { KubeObject } from '@openfunction/api';
import { plain } from '@openfunction/controller/pods';
import { findTrouble, inTrouble, isHard } from './pod-troubles.ts';
import { whyUnmade } from './unmade.ts';
import { describe, type Look, onItsWay, RUNS, troubled, type Verdict } from './verdict.ts';

interface JobStatus {
  active?: number;
  ready?: number;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
}

/** A Job (batch/v1) that runs once, for a function without scale triggers: at work or done is well. */
export function judgeJob(job: KubeObject, look: Look): Verdict {
  const { active = 0, ready = 0, conditions = [] } = (job['status'] ?? {}) as JobStatus;
  const is = (wanted: string) => conditions.find(({ type, status }) => type === wanted && status === 'True');
  if (is('Complete') !== undefined) return RUNS;
  const trouble = findTrouble(look.pods, look.now);
  const failed = is('Failed');
  if (failed !== undefined) {
    const { reason = 'JobFailed', message = '' } = failed;
    const said = {
      reason,
      cause: plain(message) || 'the Job failed',
      next: 'Correct the function',
      more: describe(job),
    };
    return trouble === undefined ? troubled(job, 'False', said) : inTrouble(job, 'False', trouble, look);
  }
  if (trouble !== undefined) return inTrouble(job, isHard(trouble) ? 'False' : 'Unknown', trouble, look);
  if (active > 0 && ready > 0) return RUNS;
  return whyUnmade(job, look) ?? onItsWay(job, 'its pod is not ready yet');
}
