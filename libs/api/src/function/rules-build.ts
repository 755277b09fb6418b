import { isEqual } from '../json.ts';
import { defaultBuildStrategy } from '../names.ts';
import {
  type Complaint,
  CREATE_AND_UPDATE,
  isAbsent,
  isBlank,
  isObject,
  lookWithin,
  type Rule,
  valueAt,
} from '../rules.ts';
import { built } from './examples.ts';
import { repeated } from './field-rules.ts';

/** What becomes of `spec.build` in Shipwright (controllers.md §2.3). */

const BUILD = 'spec.build';
const DOCKERFILE = `${BUILD}.dockerfile`;
const CREDENTIALS = `${BUILD}.builderCredentials`;
const SHIPWRIGHT = `${BUILD}.shipwright`;
const PARAMS = `${SHIPWRIGHT}.params`;

/** The strategy of a build that has a Dockerfile and names neither builder nor strategy. */
function strategyOfDockerfile(fn: unknown): { name: string; kind: string } | undefined {
  const build = valueAt(fn, BUILD);
  if (!isObject(build) || isBlank(build['dockerfile']) || !isBlank(build['builder'])) return undefined;
  return isAbsent(valueAt(build, 'shipwright.strategy')) ? defaultBuildStrategy(build) : undefined;
}

function builtBy(fn: unknown): Complaint | undefined {
  const strategy = strategyOfDockerfile(fn);
  if (strategy === undefined) return undefined;
  const why = 'as neither `builder` nor `shipwright.strategy` is set';
  return { reason: 'Forbidden', detail: `is built by the ${strategy.kind} ${JSON.stringify(strategy.name)}, ${why}` };
}

/** Names that occur more than once, each once. */
function doubled(params: unknown): string[] {
  const names = (Array.isArray(params) ? params : []).map((param) => valueAt(param, 'name'));
  return repeated(names);
}

export const BUILD_RULES: readonly Rule[] = [
  {
    id: 'build.dockerfile.strategy',
    number: 'controllers Q22',
    path: DOCKERFILE,
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: 'a Dockerfile alone, which is built by the ClusterBuildStrategy `kaniko`',
    ...lookWithin(BUILD, (_build, fn, { old }) => (isEqual(builtBy(fn), builtBy(old)) ? undefined : builtBy(fn))),
    accepts: built({ builder: 'builder-go', dockerfile: 'Dockerfile' }),
    refuses: built({ builder: '', dockerfile: 'Dockerfile' }),
  },
  {
    id: 'build.builderCredentials.used',
    number: 'controllers §2.3',
    path: CREDENTIALS,
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: 'given: no field of Shipwright v1beta1 takes it',
    ...lookWithin(CREDENTIALS, (credentials, _fn, { old }) => {
      if (isEqual(credentials, valueAt(old, CREDENTIALS))) return undefined;
      const detail =
        'has no effect where Shipwright serves v1beta1, which has no field for it: the nodes must be able to pull the builder image';
      return { reason: 'Forbidden', detail };
    }),
    accepts: built({}),
    refuses: built({ builderCredentials: { name: 'pull-secret' } }),
  },
  {
    // Shipwright would hand both to Tekton, which refuses the build.
    id: 'build.shipwright.params.once',
    number: 'controllers §2.3',
    path: PARAMS,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'a parameter given more than once',
    ...lookWithin(SHIPWRIGHT, ({ params }) => {
      const found = doubled(params).map((value): Complaint => ({ reason: 'Duplicate', value, detail: 'give it once' }));
      return found.length === 0 ? undefined : found;
    }),
    accepts: built({ shipwright: { params: [{ name: 'target' }, { name: 'env' }] } }),
    refuses: built({ shipwright: { params: [{ name: 'target' }, { name: 'target', value: 'x' }] } }),
  },
];
