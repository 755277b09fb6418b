import {
  type BuilderSpec,
  type BuildSpec,
  type Function,
  type LocalObjectReference,
  type ParamValue,
  parseNanoseconds,
  type ShipwrightEngine,
  type SourceRepository,
} from '@openfunction/api';
import { makeBuilderSpec } from './builder.ts';
import { type GoType, goInt32, goInt64, goMap, goPointer, goSlice, goString, goStruct } from './go-hash.ts';

/*
 * The Go types that BuilderSpec of v1.2 is made of. Any other set of names gives other hashes: a field that is newer than v1.2 does
 * not belong here, but must keep what is built with it from being taken over.
 */

type SingleValue = NonNullable<ParamValue['values']>[number];
type ObjectKeyRef = NonNullable<SingleValue['secretValue']>;

const text = goPointer(goString);

const localObjectReference = goPointer(
  goStruct<LocalObjectReference>('LocalObjectReference', { name: ['Name', goString] }),
);

const nanoseconds = goStruct<{ nanoseconds: bigint }>('Duration', { nanoseconds: ['Duration', goInt64] });

/** metav1.Duration, a text in JSON. What is no duration never got past the Go operator: it has no hash to agree with. */
const duration = goPointer<string>((spelled) => nanoseconds({ nanoseconds: parseNanoseconds(spelled ?? '') ?? 0n }));

const gitRepo = goStruct<SourceRepository>('GitRepo', {
  url: ['Url', goString],
  bundleContainer: ['BundleContainer', goPointer(goStruct('BundleContainer', { image: ['Image', goString] }))],
  revision: ['Revision', text],
  sourceSubPath: ['SourceSubPath', text],
  credentials: ['Credentials', localObjectReference],
});

const objectKeyRef = goPointer(
  goStruct<ObjectKeyRef>('ObjectKeyRef', {
    name: ['Name', goString],
    key: ['Key', goString],
    format: ['Format', text],
  }),
);

const singleValue = goStruct<SingleValue>('SingleValue', {
  value: ['Value', text],
  configMapValue: ['ConfigMapValue', objectKeyRef],
  secretValue: ['SecretValue', objectKeyRef],
});

/** An embedded pointer: Go makes the struct as soon as JSON has one of its fields, be it null. */
const embeddedValue: GoType<SingleValue> = (param) => {
  const isWritten = ['value', 'configMapValue', 'secretValue'].some((name) => Object.hasOwn(param ?? {}, name));
  return goPointer(singleValue)(isWritten ? param : undefined);
};

const paramValue = goStruct<Omit<ParamValue, keyof SingleValue>, SingleValue>(
  'ParamValue',
  { name: ['Name', goString], values: ['Values', goSlice(singleValue)] },
  { SingleValue: embeddedValue },
);

const strategy = goStruct<NonNullable<ShipwrightEngine['strategy']>>('Strategy', {
  name: ['Name', goString],
  kind: ['Kind', text],
});

const shipwright = goStruct<ShipwrightEngine>('ShipwrightEngine', {
  strategy: ['Strategy', goPointer(strategy)],
  params: ['Params', goSlice(goPointer(paramValue))],
  timeout: ['Timeout', duration],
});

const buildImpl = goStruct<BuildSpec>('BuildImpl', {
  builder: ['Builder', text],
  builderCredentials: ['BuilderCredentials', localObjectReference],
  shipwright: ['Shipwright', goPointer(shipwright)],
  env: ['Env', goMap(goString)],
  srcRepo: ['SrcRepo', goPointer(gitRepo)],
  dockerfile: ['Dockerfile', text],
  timeout: ['Timeout', duration],
  successfulBuildsHistoryLimit: ['SuccessfulBuildsHistoryLimit', goPointer(goInt32)],
  failedBuildsHistoryLimit: ['FailedBuildsHistoryLimit', goPointer(goInt32)],
  builderMaxAge: ['BuilderMaxAge', duration],
});

/** BuilderSpec of v1.2. */
export const goBuilderSpec = goStruct<Omit<BuilderSpec, keyof BuildSpec>, BuildSpec>(
  'BuilderSpec',
  {
    image: ['Image', goString],
    imageCredentials: ['ImageCredentials', localObjectReference],
    state: ['State', goString],
  },
  { BuildImpl: buildImpl },
);

/** What v1.2 wrote into `status.build.resourceHash` for the build that the Function asks for now (controllers.md §1.4). */
export function goBuilderHash(fn: Function): string {
  const {
    successfulBuildsHistoryLimit: _succeeded,
    failedBuildsHistoryLimit: _failed,
    builderMaxAge: _age,
    timeout: _timeout,
    state: _state,
    ...content
  } = makeBuilderSpec(fn) ?? {};
  return String(goBuilderSpec(content as BuilderSpec));
}
