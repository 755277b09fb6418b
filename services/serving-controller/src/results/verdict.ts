import { groupOf, type KubeObject } from '@openfunction/api';
import { type ContainerFacts, sentence } from '@openfunction/controller/pods';

/** What is to be said of one object of a Serving, and in the end of the Serving. */
export interface Verdict {
  /** `False`: it does not work as things are. `Unknown`: it is on its way, or has nothing to say yet. */
  ready: 'True' | 'False' | 'Unknown';
  /** One word for programs; absent where there is nothing to say. */
  reason?: string;
  /** For people: object, what happened, next step, and where to read more. */
  message?: string;
  /** The beginning of the message that stays the same from look to look, while details come and go. */
  stem?: string;
  /** Waiting alone may not end it: said of what has run, too. */
  lasts?: true;
  /** When to look again, as time alone will change it. */
  again?: Date;
}

/** What is known beside the object itself. */
export interface Look {
  /** Its pods, in any order. */
  pods: readonly KubeObject[];
  /** Ends of logs, by `pod/container`. */
  logs: ReadonlyMap<string, string>;
  /** Why its pods are refused, in the API server's words; undefined where Events do not say so, or were not asked. */
  refusal?: string | undefined;
  /** What its triggers name and nobody has made, one sentence each. */
  absent?: readonly string[] | undefined;
  /** Whether this version has run before: then it has to be worse before it is said not to work. */
  hasRun: boolean;
  now: Date;
}

/** Something that keeps an object from working. */
export interface Trouble {
  reason: string;
  cause: string;
  next: string;
  /** The part of the cause that stays the same. */
  stem?: string;
  /** Last lines of a log; empty when there are none. */
  tail?: string;
  /** A command that shows more. */
  more: string;
}

export const RUNS: Verdict = { ready: 'True' };

/** On its way, in these words; and the command that shows more, if any. */
export function onItsWay(object: KubeObject, words: string, more?: string): Verdict {
  const command = more === undefined ? '' : ` More: ${more}`;
  return { ready: 'Unknown', message: `${nameOf(object)}: ${sentence(words)}${command}` };
}

/** The object is in this trouble. */
export function troubled(object: KubeObject, ready: 'False' | 'Unknown', trouble: Trouble): Verdict {
  const { reason, cause, next, stem = cause, tail = '', more } = trouble;
  const subject = nameOf(object);
  const lines = tail === '' ? '' : ` Last lines: [${tail}]`;
  const message = `${subject}: ${sentence(cause)} ${sentence(next)}${lines} More: ${more}`;
  return { ready, reason, message, stem: `${subject}: ${stem}` };
}

/** As people name an object, e.g. `Deployment ns/a`. */
export function nameOf({ apiVersion, kind, metadata }: KubeObject): string {
  const word = kind === 'Service' && apiVersion.startsWith('serving.knative.dev/') ? 'Knative Service' : kind;
  return `${word} ${metadata.namespace}/${metadata.name}`;
}

/** The command that describes an object. */
export function describe(object: KubeObject): string {
  const { kind, metadata } = object;
  const group = groupOf(object);
  const type = kind === 'Service' && group !== '' ? `services.${group}` : kind.toLowerCase();
  return `kubectl describe ${type} -n ${metadata.namespace} ${metadata.name}`;
}

/** The worst of several: the first that does not work, else the first that is on its way. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  const worst = verdicts.find(({ ready }) => ready === 'False') ?? verdicts.find(({ ready }) => ready === 'Unknown');
  const again = earliest(verdicts.flatMap((verdict) => verdict.again ?? []));
  const spoken =
    worst?.ready === 'Unknown' ? (verdicts.find(({ lasts }) => lasts) ?? verdicts.find(isSpoken) ?? worst) : worst;
  return { ...(spoken ?? RUNS), ...(again !== undefined && { again }) };
}

/** Of those that are on their way, one that knows why says more than one that waits. */
function isSpoken({ ready, reason }: Verdict): boolean {
  return ready === 'Unknown' && reason !== undefined;
}

function earliest(times: readonly Date[]): Date | undefined {
  return [...times].sort((a, b) => a.getTime() - b.getTime())[0];
}

/** The key of a log in `Look.logs`. */
export function logKey(pod: string, container: Pick<ContainerFacts, 'name'>): string {
  return `${pod}/${container.name}`;
}
