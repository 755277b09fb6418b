import { isLoadTrigger } from '../names.ts';
import {
  CREATE_AND_UPDATE,
  invalid,
  isAbsent,
  isBlank,
  isObject,
  type Rule,
  required,
  unsupported,
  valueAt,
} from '../rules.ts';
import { scaled, served } from './examples.ts';
import { isOther, itemRule, saysWords, TEXT, twinOfWords } from './field-rules.ts';

const SCALE = 'spec.serving.scaleOptions';
const SCALE_TRIGGERS = `${SCALE}.keda.triggers`;
const CRON = { type: 'cron', metadata: { timezone: 'UTC' } };

function scaleTrigger(more: object): unknown {
  return scaled({ keda: { triggers: [{ ...CRON, ...more }] } });
}

function scaledByLoad(minReplicas: number): unknown {
  const scaleOptions = { minReplicas, keda: { triggers: [{ type: 'cpu', metadata: {} }] } };
  return served({ serving: { triggers: { dapr: [{ name: 'cron' }] }, scaleOptions } });
}

/** A word in each KEDA trigger. */
function scaleTriggerWord(field: string, words: readonly string[], more: (word: string) => object): Rule {
  const row = { id: `serving.scaleOptions.keda.triggers.${field}.known`, number: 'N12', list: SCALE_TRIGGERS, field };
  const examples = { accepts: scaleTrigger(more(words[0] ?? '')), refuses: scaleTrigger(more('test')) };
  return itemRule({ ...row, ...examples, says: saysWords(words), twin: twinOfWords(words) }, (value) =>
    isOther(value, words) ? unsupported(value, words) : undefined,
  );
}

/** A list whose items hold nothing but a reference to a Dapr component: an item without one does nothing (Q26). */
function referenceRule(list: string, example: (items: unknown[]) => unknown): Rule {
  const row = {
    id: `${list.slice('spec.'.length)}.dapr.given`,
    number: 'Q26',
    list,
    field: 'dapr',
    says: 'absent',
    twin: { at: `${list}[]`, cel: 'has(self.dapr)', message: '`dapr` must be specified: an empty item does nothing' },
  };
  return itemRule({ ...row, accepts: example([{ dapr: { name: 'store' } }]), refuses: example([{}]) }, (dapr) =>
    isAbsent(dapr) ? required('must be specified: an empty item does nothing') : undefined,
  );
}

/** Items of `triggers`, `outputs` and KEDA's triggers. */
export const TRIGGER_RULES: readonly Rule[] = [
  referenceRule('spec.serving.triggers.inputs', (inputs) => served({ serving: { triggers: { inputs } } })),
  referenceRule('spec.serving.outputs', (outputs) => served({ serving: { outputs } })),
  itemRule(
    {
      id: 'serving.scaleOptions.keda.triggers.type.given',
      number: 'N12',
      list: SCALE_TRIGGERS,
      field: 'type',
      says: 'absent or blank',
      twin: { words: { pattern: TEXT } },
      accepts: scaleTrigger({}),
      refuses: scaleTrigger({ type: '' }),
    },
    (type) => (isBlank(type) ? required('must be the type of a KEDA scaler, such as "kafka" or "cron"') : undefined),
  ),
  itemRule(
    {
      id: 'serving.scaleOptions.keda.triggers.metadata.given',
      number: 'N12',
      list: SCALE_TRIGGERS,
      field: 'metadata',
      says: 'empty, for other types than `cpu` and `memory`',
      twin: {
        at: `${SCALE_TRIGGERS}[]`,
        cel: "self.metadata.size() > 0 || self.type in ['cpu', 'memory']",
        message: '`metadata` must hold the settings of the scaler',
      },
      accepts: scaleTrigger({ type: 'cpu', metadata: {} }),
      refuses: scaleTrigger({ metadata: {} }),
    },
    (metadata, trigger) => {
      // The API server drops members that are null.
      const isEmpty = isObject(metadata) && Object.values(metadata).every(isAbsent);
      // Their target may stand outside of it.
      return isEmpty && !isLoadTrigger(trigger) ? required('must hold the settings of the scaler') : undefined;
    },
  ),
  {
    // KEDA refuses zero then; the scaler gets one.
    id: 'serving.scaleOptions.minReplicas.woken',
    number: 'N12',
    path: `${SCALE}.minReplicas`,
    within: SCALE,
    about: [SCALE_TRIGGERS],
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: '0, when an event-driven function has triggers of `cpu` and `memory` alone',
    broken: (fn) => {
      const [min, triggers] = [valueAt(fn, `${SCALE}.minReplicas`), valueAt(fn, SCALE_TRIGGERS)];
      const isAsleep = min === 0 && Array.isArray(triggers) && triggers.length > 0 && triggers.every(isLoadTrigger);
      const isHttp = !isAbsent(valueAt(fn, 'spec.serving.triggers.http'));
      const isJob = valueAt(fn, 'spec.serving.workloadType') === 'Job';
      return isAsleep && !isHttp && !isJob
        ? invalid(min, 'one replica is kept, as cpu and memory wake nobody: write 1, or add a trigger of another type')
        : undefined;
    },
    accepts: scaledByLoad(1),
    refuses: scaledByLoad(0),
  },
  scaleTriggerWord('authenticationRef.kind', ['TriggerAuthentication', 'ClusterTriggerAuthentication'], (kind) => ({
    authenticationRef: { name: 'auth', kind },
  })),
  scaleTriggerWord('metricType', ['AverageValue', 'Value', 'Utilization'], (metricType) => ({ metricType })),
];
