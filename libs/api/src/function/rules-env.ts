import { ANNOTATION, FUNCTION_CONTAINER } from '../names.ts';
import { CREATE_AND_UPDATE, invalid, isAbsent, type Rule, segments, unsupported, valueAt } from '../rules.ts';
import { built, served } from './examples.ts';
import { isOther, saysWords } from './field-rules.ts';
import { keysRule } from './rules-keys.ts';

/** Maps that become environment variables, and the template of the Pods. */

const PARAMS = 'spec.serving.params';
const NUMBER = 'must be the number of a version, such as "2": `status.versions` lists them';
const VARIANTS = ['compat', 'compat-smart'];
const TEMPLATE = 'spec.serving.template';

/** What the API server accepts as the name of an environment variable. */
const ENV_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const LEGAL = "must be the name of an environment variable: letters, digits, '_', '-', '.', not starting with a digit";

/** Set by the serving-controller in every function container (controllers.md §1.7). */
const INJECTED = [
  'FUNC_CONTEXT',
  'FUNC_CONTEXT_V1BETA2',
  'APP_PROTOCOL',
  'DAPR_HOST',
  'DAPR_SIDECAR_IP',
  'POD_NAME',
  'POD_NAMESPACE',
];

function legalKeys(path: string, example: (map: object) => unknown): Rule {
  const row = { id: 'legal', level: 'deny' as const, says: 'a key that is no name of an environment variable' };
  return keysRule(
    path,
    { ...row, accepts: example({ 'LOG_LEVEL.v-1': 'x' }), refuses: example({ '1A': 'x' }) },
    (key) => (ENV_NAME.test(key) ? undefined : { reason: 'Invalid', value: key, detail: LEGAL }),
  );
}

/** The container that runs the function, with its place in the list. */
function functionContainer(fn: unknown): { container?: unknown; index: number } {
  const containers = valueAt(fn, `${TEMPLATE}.containers`);
  const index = Array.isArray(containers)
    ? containers.findIndex((container) => valueAt(container, 'name') === FUNCTION_CONTAINER)
    : -1;
  return { index, ...(Array.isArray(containers) && { container: containers[index] }) };
}

function templated(...containers: object[]): unknown {
  return served({ serving: { template: { containers } } });
}

/** A field of the function container that is not looked at. */
function ignoredField(field: string, value: unknown, why: string): Rule {
  return {
    id: `serving.template.containers.${field}.ignored`,
    number: 'Q43',
    path: `${TEMPLATE}.containers[].${field}`,
    within: TEMPLATE,
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: `given in the container \`${FUNCTION_CONTAINER}\``,
    broken: (fn) => {
      const { container, index } = functionContainer(fn);
      const given = valueAt(container, field);
      if (isAbsent(given) || given === '' || (Array.isArray(given) && given.length === 0)) return undefined;
      const at = [...segments(TEMPLATE), 'containers', index, field];
      return { reason: 'Forbidden', detail: `has no effect because ${why}`, at };
    },
    accepts: templated({ name: FUNCTION_CONTAINER }, { name: 'sidecar', [field]: value }),
    refuses: templated({ name: FUNCTION_CONTAINER, [field]: value }),
  };
}

export const ENV_RULES: readonly Rule[] = [
  legalKeys('spec.build.env', (env) => built({ env })),
  legalKeys(PARAMS, (params) => served({ serving: { params } })),
  keysRule(
    PARAMS,
    {
      id: 'injected',
      level: 'warn',
      says: `a name that is injected: ${INJECTED.join(', ')}`,
      accepts: served({ serving: { params: { LOG_LEVEL: 'debug' } } }),
      refuses: served({ serving: { params: { FUNC_CONTEXT: '{}' } } }),
    },
    (key) =>
      INJECTED.includes(key)
        ? { reason: 'Forbidden', detail: 'is set by the serving-controller in every function container' }
        : undefined,
  ),
  {
    id: 'serving.template.containers.function',
    number: 'Q43',
    path: `${TEMPLATE}.containers`,
    within: TEMPLATE,
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: `none is called \`${FUNCTION_CONTAINER}\``,
    broken: (fn) => {
      const containers = valueAt(fn, `${TEMPLATE}.containers`);
      if (!Array.isArray(containers) || containers.length === 0 || functionContainer(fn).index !== -1) return undefined;
      const detail = `none is called "${FUNCTION_CONTAINER}", so one is added beside these to run the function`;
      return { reason: 'Forbidden', detail };
    },
    accepts: templated({ name: FUNCTION_CONTAINER }, { name: 'sidecar' }),
    refuses: templated({ name: 'sidecar' }),
  },
  ignoredField('image', 'registry/other', 'the function runs `spec.image`'),
  ignoredField('ports', [{ containerPort: 9000 }], 'the function listens on `triggers.http.port`'),
  {
    id: 'wasm.variant.known',
    number: 'Q9',
    path: `metadata.annotations.[${ANNOTATION.wasmVariant}]`,
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: saysWords(VARIANTS),
    broken: (fn) => {
      const variant = valueAt(fn, ['metadata', 'annotations', ANNOTATION.wasmVariant]);
      return isOther(variant, VARIANTS) ? unsupported(variant, VARIANTS) : undefined;
    },
    accepts: { metadata: { annotations: { [ANNOTATION.wasmVariant]: 'compat' } }, ...(served({}) as object) },
    refuses: { metadata: { annotations: { [ANNOTATION.wasmVariant]: 'fast' } }, ...(served({}) as object) },
  },
  {
    id: 'paused.known',
    number: 'own',
    path: `metadata.annotations.[${ANNOTATION.paused}]`,
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: 'neither `true` nor `false`: only `true` pauses',
    broken: (fn) => {
      const value = valueAt(fn, ['metadata', 'annotations', ANNOTATION.paused]);
      return isOther(value, ['true', 'false']) ? unsupported(value, ['true', 'false']) : undefined;
    },
    accepts: { metadata: { annotations: { [ANNOTATION.paused]: 'false' } }, ...(served({}) as object) },
    refuses: { metadata: { annotations: { [ANNOTATION.paused]: 'True' } }, ...(served({}) as object) },
  },
  {
    id: 'rollback-to.number',
    number: 'own',
    path: `metadata.annotations.[${ANNOTATION.rollbackTo}]`,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'no whole number above 0, as in `status.versions`',
    broken: (fn) => {
      const value = valueAt(fn, ['metadata', 'annotations', ANNOTATION.rollbackTo]);
      return typeof value === 'string' && !/^[1-9]\d{0,8}$/.test(value) ? invalid(value, NUMBER) : undefined;
    },
    accepts: { metadata: { annotations: { [ANNOTATION.rollbackTo]: '2' } }, ...(served({}) as object) },
    refuses: { metadata: { annotations: { [ANNOTATION.rollbackTo]: 'v2' } }, ...(served({}) as object) },
  },
];
