import { own, type Tree, without } from '../json.ts';
import { isAbsent, isBlank, isObject } from '../rules.ts';

/**
 * Scaling. v1beta1 has bounds and the kind of workload inside of each KEDA scaler, and KEDA's triggers beside the
 * scaling; v1beta2 has one place for each of them.
 */

/** Fields that only v1beta2 has. */
const KEDA_ONLY_V2 = ['httpScaledObject', 'triggers'];
const SCALED_OBJECT_ONLY_V2 = ['fallback'];
/** A field of KEDA's triggers that only v1beta1 has. */
const SCALER_ONLY_V1 = ['targetKind'];

const MOVED_FROM_OBJECT = ['workloadType', 'minReplicaCount', 'maxReplicaCount'];
const MOVED_FROM_JOB = ['maxReplicaCount'];

/** The v1beta2 fields of the serving: `scaleOptions` and `workloadType`. The job's bound wins, as it comes last. */
export function upScale(options: unknown, scalers: unknown): Tree {
  if (!isObject(options) || !isObject(options['keda'])) return {};
  const scaleOptions = { ...options };
  const keda = { ...options['keda'] };
  const serving: Tree = { scaleOptions };
  scaleOptions['keda'] = keda;
  const { scaledObject, scaledJob } = keda;
  if (isObject(scaledObject)) {
    keda['scaledObject'] = without(scaledObject, MOVED_FROM_OBJECT);
    setPresent(scaleOptions, 'minReplicas', own(scaledObject, 'minReplicaCount'));
    setPresent(scaleOptions, 'maxReplicas', own(scaledObject, 'maxReplicaCount'));
    const { workloadType } = scaledObject;
    serving['workloadType'] = isBlank(workloadType) ? 'Deployment' : workloadType;
  }
  if (isObject(scaledJob)) {
    keda['scaledJob'] = without(scaledJob, MOVED_FROM_JOB);
    setPresent(scaleOptions, 'maxReplicas', own(scaledJob, 'maxReplicaCount'));
    serving['workloadType'] = 'Job';
  }
  if (Array.isArray(scalers))
    keda['triggers'] = scalers.map((item) => (isObject(item) ? without(item, SCALER_ONLY_V1) : item));
  return serving;
}

/** The v1beta1 fields of the serving: `scaleOptions` and `triggers`. */
export function downScale(v2: Tree): Tree {
  const options = own(v2, 'scaleOptions');
  if (!isObject(options) || !isObject(options['keda'])) return {};
  const { triggers } = options['keda'];
  const keda = without(options['keda'], KEDA_ONLY_V2);
  const { scaledObject, scaledJob } = keda;
  if (isObject(scaledObject)) {
    const scaler = without(scaledObject, SCALED_OBJECT_ONLY_V2);
    setPresent(scaler, 'workloadType', own(v2, 'workloadType'));
    setPresent(scaler, 'minReplicaCount', own(options, 'minReplicas'));
    setPresent(scaler, 'maxReplicaCount', own(options, 'maxReplicas'));
    keda['scaledObject'] = scaler;
  }
  if (isObject(scaledJob)) {
    keda['scaledJob'] = { ...scaledJob };
    setPresent(keda['scaledJob'] as Tree, 'maxReplicaCount', own(options, 'maxReplicas'));
  }
  return { scaleOptions: { ...options, keda }, ...(Array.isArray(triggers) && { triggers }) };
}

function setPresent(object: Tree, name: string, value: unknown): void {
  if (!isAbsent(value)) object[name] = value;
}
