import { ANNOTATION, FUNCTION_CONTAINER, PAUSED_ANNOTATION } from '../names.ts';
import {
  type Complaint,
  CREATE_AND_UPDATE,
  isAbsent,
  isObject,
  type Rule,
  segments,
  unsupported,
  valueAt,
} from '../rules.ts';
import { built, served } from './examples.ts';
import { isOther, saysWords } from './field-rules.ts';

/** Maps that become environment variables, and the template of the Pods. */

const PARAMS = 'spec.serving.params';
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

/**
 * Variables that change the programs which build, and not what is built: what they load or run, where they are found, where they
 * read credentials. A strategy hands the variables of a build to the builder's own tools, so that whoever may write a Function could
 * make these run something else, with the credentials of the build. `ENV` and options of compilers stay free: shells that build are
 * not interactive, and MAVEN_OPTS, GOFLAGS and the like are what `env` is for.
 */
const OF_THE_BUILDER: readonly (readonly [why: string, ...names: string[]])[] = [
  ['the dynamic loader takes libraries from it', 'LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT'],
  ['shells run or split by it', 'BASH_ENV', 'SHELLOPTS', 'BASHOPTS', 'PS4', 'IFS'],
  ['programs are found by it', 'PATH'],
  ['credentials and settings are read there', 'HOME', 'DOCKER_CONFIG'],
  ['Node.js takes options and code from it', 'NODE_OPTIONS'],
  ['Python takes code from it', 'PYTHONPATH', 'PYTHONHOME', 'PYTHONSTARTUP'],
  ['Perl and Ruby take code from it', 'PERL5LIB', 'PERL5OPT', 'RUBYLIB', 'RUBYOPT'],
  ['Java takes options and agents from it', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS'],
  ['git runs what it names', 'GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_ASKPASS', 'GIT_EXEC_PATH'],
];
const WHY_OF_THE_BUILDER = new Map(OF_THE_BUILDER.flatMap(([why, ...names]) => names.map((name) => [name, why])));

/** Complaints about keys of a map, each at its key. */
function keysRule(
  path: string,
  row: Pick<Rule, 'id' | 'level' | 'says' | 'accepts' | 'refuses'>,
  complain: (key: string) => Complaint | undefined,
): Rule {
  return {
    ...row,
    id: `${path.slice('spec.'.length)}.${row.id}`,
    number: 'N22',
    path: `${path}.*`,
    within: path,
    on: CREATE_AND_UPDATE,
    broken: (object) => {
      const map = valueAt(object, path);
      if (!isObject(map)) return undefined;
      const found = Object.keys(map).flatMap((key) => {
        const complaint = complain(key);
        return complaint === undefined ? [] : [{ ...complaint, at: [...segments(path), key] }];
      });
      return found.length === 0 ? undefined : found;
    },
  };
}

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
  keysRule(
    'spec.build.env',
    {
      id: 'builder',
      level: 'deny',
      says: `a name that changes the builder itself: ${[...WHY_OF_THE_BUILDER.keys()].join(', ')}`,
      accepts: built({ env: { MAVEN_OPTS: '-Xmx1g' } }),
      refuses: built({ env: { LD_PRELOAD: '/workspace/source/evil.so' } }),
    },
    (key) => {
      const why = WHY_OF_THE_BUILDER.get(key);
      if (why === undefined) return undefined;
      return {
        reason: 'Forbidden',
        detail: `changes the builder itself (${why}): set it in a builder image of your own`,
      };
    },
  ),
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
    path: `metadata.annotations.[${PAUSED_ANNOTATION}]`,
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: 'neither `true` nor `false`: only `true` pauses',
    broken: (fn) => {
      const value = valueAt(fn, ['metadata', 'annotations', PAUSED_ANNOTATION]);
      return isOther(value, ['true', 'false']) ? unsupported(value, ['true', 'false']) : undefined;
    },
    accepts: { metadata: { annotations: { [PAUSED_ANNOTATION]: 'false' } }, ...(served({}) as object) },
    refuses: { metadata: { annotations: { [PAUSED_ANNOTATION]: 'True' } }, ...(served({}) as object) },
  },
];
