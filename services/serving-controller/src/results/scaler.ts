import { HTTP_SCALED_OBJECT, isOfKind, type KubeObject, SCALED_JOB, SCALED_OBJECT } from '@openfunction/api';
import { plain } from '@openfunction/controller/pods';
import { findTrouble, inTrouble, isHard } from './pod-troubles.ts';
import { describe, type Look, onItsWay, RUNS, troubled, type Verdict } from './verdict.ts';

interface ScalerStatus {
  conditions?: { type?: string; status?: string; reason?: string; message?: string }[] | null;
}

/** How soon it is asked again whether what a trigger names has been made. */
const ABSENT_MS = 60_000;

/** ScaledObject and ScaledJob (keda.sh), HTTPScaledObject (http.keda.sh): what their operator says of them. */
export function judgeScaler(scaler: KubeObject, { hasRun, absent = [], now }: Look): Verdict {
  const ready = readinessOf(scaler);
  if (ready?.status === 'True') return RUNS;
  const { reason = '', message = '' } = ready ?? {};
  if (reason === '' && message === '') {
    const operator = isHttp(scaler) ? 'the KEDA HTTP add-on' : 'KEDA';
    return onItsWay(scaler, `${operator} has not taken it up yet (if that lasts: does its operator run?)`);
  }
  const isDown = ready?.status === 'False' && !passes(reason, message, hasRun);
  const cause = plain(message) || 'KEDA cannot use it';
  const said = { reason: reason || 'ScalerNotReady', cause, next: nextFor(scaler), more: describe(scaler) };
  if (absent.length === 0 || isHttp(scaler)) return troubled(scaler, isDown ? 'False' : 'Unknown', said);
  const stem = absent.join(' ');
  const named = { ...said, reason: 'ReferenceNotFound', cause: `${stem} KEDA goes on without it: ${cause}`, stem };
  // KEDA tells of nothing when one is made, and tries again when it likes.
  const again = new Date(now.getTime() + ABSENT_MS);
  return { ...troubled(scaler, isDown ? 'False' : 'Unknown', named), lasts: true, again };
}

/** Whether KEDA has something to say against a scaler. */
export function isRefusedScaler(object: KubeObject): boolean {
  const isScaler = isOfKind(object, SCALED_OBJECT) || isOfKind(object, SCALED_JOB);
  const { status = 'True', reason = '', message = '' } = readinessOf(object) ?? {};
  return isScaler && status !== 'True' && (reason !== '' || message !== '');
}

function readinessOf(scaler: KubeObject) {
  const { conditions } = (scaler['status'] ?? {}) as ScalerStatus;
  return (conditions ?? []).find(({ type }) => type === 'Ready');
}

/**
 * What passes by itself: KEDA has seen the scaler before its target, and looks again; or a source of events is away for a while, from
 * which a function that runs has been called before.
 */
function passes(reason: string, message: string, hasRun: boolean): boolean {
  return (hasRun && reason === 'TriggerError') || /correct scaleTargetRef specification: .* not found/.test(message);
}

/** A ScaledJob makes its own Jobs: their pods' images and settings are the function's, how they end is its own affair. */
export function judgeScaledJob(scaler: KubeObject, look: Look): Verdict {
  const verdict = judgeScaler(scaler, look);
  const trouble = verdict.ready === 'True' ? findTrouble(look.pods, look.now) : undefined;
  if (trouble === undefined || !isHard(trouble) || !OF_SETTINGS.includes(trouble.row.reason)) return verdict;
  return inTrouble(scaler, 'False', trouble, look);
}

const OF_SETTINGS: readonly string[] = ['ImagePullFailed', 'CreateContainerConfigError'];

function nextFor(scaler: KubeObject): string {
  if (isHttp(scaler)) return 'Correct spec.serving.scaleOptions or the route';
  return 'Correct spec.serving.scaleOptions.keda.triggers, and the TriggerAuthentication and Secret that they name';
}

function isHttp({ kind }: KubeObject): boolean {
  return kind === HTTP_SCALED_OBJECT.kind;
}
