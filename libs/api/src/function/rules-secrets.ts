import {
  type Complaint,
  CREATE_AND_UPDATE,
  type FieldPath,
  invalid,
  isBlank,
  lookWithin,
  parentPath,
  type Rule,
  segments,
  valueAt,
} from '../rules.ts';
import { built, served } from './examples.ts';
import type { Example } from './field-rules.ts';

/** Names of Secrets and ConfigMaps: what a build or a Pod takes is in its own namespace, and nothing else can be named. */

const LONGEST = 253;
const SUBDOMAIN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const subdomain = new RegExp(`^${SUBDOMAIN}$`);
const LETTERS = `lowercase letters, digits, '-' and '.', at most ${LONGEST} characters`;

function isName(text: string): boolean {
  return text.length <= LONGEST && subdomain.test(text);
}

/** What is wrong with a name, if it is none that an object can have. A blank one is left to the rules that want a name. */
function wrongName(name: unknown, kind: 'Secret' | 'ConfigMap'): Complaint | undefined {
  if (typeof name !== 'string' || isBlank(name) || isName(name)) return undefined;
  return invalid(name, `must be the name of a ${kind} in the Function's own namespace (${LETTERS})${hint(name)}`);
}

/** What to do about `namespace/name`. */
function hint(name: string): string {
  const [namespace = '', own = '', ...more] = name.split('/', 3);
  if (more.length > 0 || !isName(namespace) || !isName(own)) return '';
  return `; copy it from the namespace ${JSON.stringify(namespace)} and write ${JSON.stringify(own)}`;
}

/** A field that names a Secret. */
function secretRule(path: string, example: Example): Rule {
  return {
    id: `${path.slice('spec.'.length)}.own-namespace`,
    number: 'own',
    path,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'a name that no Secret can have, such as `other/secret`: a Secret of another namespace cannot be used',
    twin: { words: { maxLength: LONGEST, pattern: `^\\s*$|^${SUBDOMAIN}$` } },
    ...lookWithin(parentPath(path), (reference) => wrongName(valueAt(reference, ['name']), 'Secret')),
    accepts: example('push-secret.v1'),
    refuses: example('other/secret'),
  };
}

const PARAMS = 'spec.build.shipwright.params';
const REFERENCES = [
  ['secretValue', 'Secret'],
  ['configMapValue', 'ConfigMap'],
] as const;

/** Wrong names in a parameter or in one item of it, which is at `place`. */
function wrongReferences(holder: unknown, place: FieldPath): Complaint[] {
  return REFERENCES.flatMap(([field, kind]) => {
    const complaint = wrongName(valueAt(holder, [field, 'name']), kind);
    return complaint === undefined ? [] : [{ ...complaint, at: [...place, field, 'name'] }];
  });
}

function wrongInParam(param: unknown, place: FieldPath): Complaint[] {
  const values = valueAt(param, 'values');
  const items = Array.isArray(values) ? values : [];
  return [
    ...wrongReferences(param, place),
    ...items.flatMap((item, index) => wrongReferences(item, [...place, 'values', index])),
  ];
}

export const SECRET_RULES: readonly Rule[] = [
  secretRule('spec.imageCredentials.name', (name) => served({ imageCredentials: { name } })),
  secretRule('spec.build.srcRepo.credentials.name', (name) =>
    built({ srcRepo: { url: 'https://git.example/hello', credentials: { name } } }),
  ),
  secretRule('spec.build.builderCredentials.name', (name) => built({ builderCredentials: { name } })),
  {
    id: 'build.shipwright.params.own-namespace',
    number: 'own',
    path: `${PARAMS}[].*`,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'a name that no Secret or ConfigMap can have, such as `other/secret`',
    ...lookWithin('spec.build.shipwright', ({ params }) => {
      const found = (Array.isArray(params) ? params : []).flatMap((param, index) =>
        wrongInParam(param, [...segments(PARAMS), index]),
      );
      return found.length === 0 ? undefined : found;
    }),
    accepts: built({ shipwright: { params: [{ name: 'env', values: [{ secretValue: { name: 'a', key: 'k' } }] }] } }),
    refuses: built({ shipwright: { params: [{ name: 'env', values: [{ secretValue: { name: 'o/a', key: 'k' } }] }] } }),
  },
];
