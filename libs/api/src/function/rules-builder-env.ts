import {
  type Complaint,
  CREATE_AND_UPDATE,
  type FieldPath,
  isObject,
  lookWithin,
  type Rule,
  segments,
  valueAt,
} from '../rules.ts';
import { built } from './examples.ts';
import { keysRule } from './rules-keys.ts';

/** Variables of a build that would change the builder itself, wherever they are written. */

const PARAMS = 'spec.build.shipwright.params';

/**
 * Variables that change the programs which build, and not what is built: what they load or run, where they are found, where they
 * read credentials. A strategy hands the variables of a build to the builder's own tools, so that whoever may write a Function could
 * make these run something else, with the credentials of the build. `ENV` and options of compilers stay free: shells that build are
 * not interactive, and MAVEN_OPTS, GOFLAGS and the like are what `env` is for. A `*` stands for any text. The scripts in
 * deploy/strategies refuse the same names (a test compares the two), because only they see what a ConfigMap or Secret holds.
 */
const OF_THE_BUILDER: readonly (readonly [why: string, ...names: string[]])[] = [
  ['the dynamic loader takes libraries from it', 'LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'GCONV_PATH'],
  ['shells run or split by it', 'BASH_ENV', 'BASH_FUNC_*', 'SHELLOPTS', 'BASHOPTS', 'PS4', 'IFS'],
  ['programs are found by it', 'PATH'],
  ['credentials and settings are read there', 'HOME', 'XDG_CONFIG_HOME', 'DOCKER_CONFIG'],
  ['Node.js takes options and code from it', 'NODE_OPTIONS', 'NODE_PATH'],
  ['Python takes code from it', 'PYTHONPATH', 'PYTHONHOME', 'PYTHONSTARTUP'],
  ['Perl and Ruby take code from it', 'PERL5LIB', 'PERL5OPT', 'RUBYLIB', 'RUBYOPT'],
  ['Java takes options and agents from it', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS'],
  [
    'git runs what it names',
    ...['GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_PROXY_COMMAND', 'GIT_ASKPASS', 'SSH_ASKPASS', 'GIT_EXEC_PATH'],
    'GIT_TEMPLATE_DIR',
  ],
  [
    'git takes settings from it, which name programs',
    ...['GIT_CONFIG_COUNT', 'GIT_CONFIG_KEY_*', 'GIT_CONFIG_VALUE_*', 'GIT_CONFIG_PARAMETERS'],
    ...['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM'],
  ],
];

/** The names of these variables; a `*` at the end stands for any text. */
export const BUILDER_VARIABLES: readonly string[] = OF_THE_BUILDER.flatMap(([, ...names]) => names);

const NAMED = new Map(OF_THE_BUILDER.flatMap(([why, ...names]) => names.map((name) => [name, why])));
const BEGINNINGS = [...NAMED].flatMap(([name, why]) => (name.endsWith('*') ? [{ stem: name.slice(0, -1), why }] : []));

/** How a variable changes the builder, if it does. */
function effectOnBuilder(name: string): string | undefined {
  return NAMED.get(name) ?? BEGINNINGS.find(({ stem }) => name.startsWith(stem))?.why;
}

function changes(why: string): string {
  return `changes the builder itself (${why}): set it in a builder image of your own`;
}

/**
 * Parameters whose value is the environment of a build: `env` is the word of our own strategies, ENV_VARS that of the original's.
 * `build-args` is not among them: a Dockerfile gets it, not what builds the Dockerfile. The name of the strategy is not looked at, nor
 * is it for `spec.build.env`: whoever runs the cluster may keep another one under it.
 */
const CARRIERS = ['env', 'ENV_VARS'];

/** Where a parameter or one item of it may hold a text: as it is, or the one that a value of the cluster is put into. */
const TEXTS = [['value'], ['configMapValue', 'format'], ['secretValue', 'format']] as const;

/** The texts of a parameter, each with its place below it; `isItem` tells the items of a list from a text that divides at each `#`. */
function textsOf(param: unknown): { text: string; at: FieldPath; isItem: boolean }[] {
  const values = valueAt(param, 'values');
  const places: FieldPath[] = Array.isArray(values)
    ? values.flatMap((_, index) => TEXTS.map((text) => ['values', index, ...text]))
    : [];
  return [...TEXTS, ...places].flatMap((at) => {
    const text = valueAt(param, at);
    return typeof text === 'string' ? [{ text, at, isItem: at[0] === 'values' }] : [];
  });
}

/** What stands before the first `=` of each variable. */
function namesIn(text: string, isItem: boolean): string[] {
  const pairs = isItem ? [text] : text.split('#');
  return pairs.flatMap((pair) => (pair.includes('=') ? [pair.slice(0, pair.indexOf('=')).trim()] : []));
}

function complaintAbout(name: string, at: FieldPath): Complaint | undefined {
  // The kubelet and Tekton fill it in after this look.
  if (name.includes('$('))
    return { reason: 'Forbidden', detail: 'the name of a build variable must be written out', at };
  const why = effectOnBuilder(name);
  return why === undefined ? undefined : { reason: 'Forbidden', detail: `${name} ${changes(why)}`, at };
}

function complaintsAbout(param: unknown, index: number): Complaint[] {
  if (!CARRIERS.includes(String(valueAt(param, 'name')))) return [];
  return textsOf(param).flatMap(({ text, at, isItem }) => {
    const names = [...new Set(namesIn(text, isItem))];
    return names.flatMap((name) => complaintAbout(name, [...segments(PARAMS), index, ...at]) ?? []);
  });
}

export const BUILDER_ENV_RULES: readonly Rule[] = [
  keysRule(
    'spec.build.env',
    {
      id: 'builder',
      level: 'deny',
      says: `a name that changes the builder itself: \`${BUILDER_VARIABLES.join(', ')}\``,
      accepts: built({ env: { MAVEN_OPTS: '-Xmx1g' } }),
      refuses: built({ env: { LD_PRELOAD: '/workspace/source/evil.so' } }),
    },
    (key) => {
      const why = effectOnBuilder(key);
      return why === undefined ? undefined : { reason: 'Forbidden', detail: changes(why) };
    },
  ),
  {
    id: 'build.shipwright.params.builder',
    number: 'N22',
    path: `${PARAMS}[].*`,
    // A text that was there under another name of the parameter was none of the builder's then.
    about: [PARAMS],
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'in `env` or `ENV_VARS`: a name that changes the builder itself, as in `build.env.builder`',
    ...lookWithin('spec.build.shipwright', ({ params }) => {
      const found = (Array.isArray(params) ? params : []).flatMap((param, index) =>
        isObject(param) ? complaintsAbout(param, index) : [],
      );
      return found.length === 0 ? undefined : found;
    }),
    accepts: built({ shipwright: { params: [{ name: 'build-args', values: [{ value: 'PATH=/opt/bin' }] }] } }),
    refuses: built({ shipwright: { params: [{ name: 'env', values: [{ value: 'LD_PRELOAD=/workspace/evil.so' }] }] } }),
  },
];
