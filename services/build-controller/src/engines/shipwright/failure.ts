import { legalReason, REASON } from '@openfunction/api';
import { hasLog, sentence } from '@openfunction/controller/pods';
import { thenAgain } from './again.ts';
import { type Evidence, type Facts, readFacts } from './evidence.ts';
import type { Trouble } from './trouble.ts';
import { TROUBLES } from './troubles.ts';

/** Why a build failed or does not go on: a word for programs, and for people object, cause, next step and where to read more. */
export interface Explanation {
  reason: string;
  message: string;
}

/** Why a run that is over failed, and how to build again. */
export function explainFailure(evidence: Evidence): Explanation {
  const facts = readFacts(evidence);
  const trouble = TROUBLES.find(({ isIt }) => isIt(facts)) as Trouble; // the last row always matches
  const rebuilds = typeof trouble.rebuilds === 'string' ? trouble.rebuilds : trouble.rebuilds(facts);
  return explain(trouble, facts, thenAgain(trouble.next(facts), rebuilds, evidence.builder));
}

/** Why a run that is not over makes no headway; undefined when it does. */
export function explainStuck(evidence: Evidence): Explanation | undefined {
  const facts = readFacts(evidence);
  const trouble = TROUBLES.find(({ waits, isIt }) => waits === true && isIt(facts));
  return trouble === undefined ? undefined : explain(trouble, facts, trouble.next(facts));
}

function explain({ reason, cause }: Trouble, facts: Facts, next: string): Explanation {
  const word = typeof reason === 'string' ? reason : reason(facts);
  const tail = facts.tail === '' ? '' : ` Last lines: [${facts.tail}]`;
  const message = `BuildRun ${facts.namespace}/${facts.run}: ${sentence(cause(facts))} ${sentence(next)}${tail} More: ${more(facts)}`;
  return { reason: legalReason(word, REASON.failed), message };
}

/** The command that shows more: the log where there is one, else the object that tells why there is none. */
function more({ namespace, run, pod, stepName, step }: Facts): string {
  if (pod !== undefined && hasLog(step)) return `kubectl logs -n ${namespace} ${pod.name} -c ${stepName}`;
  if (pod !== undefined) return `kubectl describe pod -n ${namespace} ${pod.name}`;
  return `kubectl describe buildrun -n ${namespace} ${run}`;
}
