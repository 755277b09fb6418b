import {
  judge,
  type Problem,
  printPath,
  printProblem,
  REVIEWED_KINDS,
  type ReviewedKind,
  unknownFields,
} from '@openfunction/admission';
import { apiVersionOf, type FieldPath, PRESERVED_ANNOTATIONS, v1beta2Path, valueAt } from '@openfunction/api';
import { readManifests } from './documents.ts';

/** One thing to say about a file. */
export interface Finding {
  file: string;
  line: number;
  level: 'error' | 'warning';
  /** Of the object; empty when the file is no YAML. */
  kind: string;
  namespace: string;
  name: string;
  /** Path of the field, or empty. */
  field: string;
  message: string;
}

/** What was found in a text, and how many objects of ours were in it. */
export interface Linted {
  findings: Finding[];
  objects: number;
}

/** Says about each object of ours in a file what admission would say, and what only a file can show. Objects of others are passed over. */
export function lintText(file: string, text: string): Linted {
  let objects = 0;
  const findings = readManifests(text).flatMap((manifest): Finding[] => {
    if ('message' in manifest) {
      const { line, message } = manifest;
      return [{ file, line, level: 'error', kind: '', namespace: '', name: '', field: '', message }];
    }
    const { object, lineOf } = manifest;
    const said = lintObject(object);
    if (said === undefined) return [];
    objects += 1;
    const [kind, namespace, name] = ['kind', 'metadata.namespace', 'metadata.name'].map((path) => textAt(object, path));
    return said.map(({ path, level, message }) => {
      const about = { kind: kind ?? '', namespace: namespace ?? '', name: name ?? '' };
      return { file, line: lineOf(path), level, ...about, field: printPath(path), message };
    });
  });
  return { findings, objects };
}

interface Said {
  path: FieldPath;
  level: Finding['level'];
  message: string;
}

const GROUPS = new Set(REVIEWED_KINDS.map(({ kind }) => kind.group));

/** What is to be said about one object; undefined when it is none of ours. */
function lintObject(object: unknown): Said[] | undefined {
  const [apiVersion, kind] = ['apiVersion', 'kind'].map((path) => textAt(object, path));
  if (!GROUPS.has((apiVersion ?? '').split('/')[0] ?? '')) return undefined;
  const ofKind = REVIEWED_KINDS.filter((reviewed) => reviewed.kind.kind === kind);
  const reviewed = ofKind.find(({ kind: known, version }) => apiVersionOf(known, version) === apiVersion);
  if (reviewed === undefined) return ofKind.length === 0 ? undefined : [unknownVersion(ofKind)];
  const { problems, warnings } = judge(object, reviewed);
  return [
    ...deprecation(reviewed),
    ...problems.map((problem) => said(problem, 'error', printProblem(problem))),
    ...unknownFields(reviewed.schema, object).map((path) => unknownField(reviewed, path)),
    ...warnings.map((warning) => said(warning, 'warning', warning.detail)),
  ].filter(({ path }) => !PRESERVED_ANNOTATIONS.some((name) => path.includes(name)));
}

function said({ path }: Problem, level: Said['level'], message: string): Said {
  return { path, level, message };
}

function unknownVersion(known: readonly ReviewedKind[]): Said {
  const versions = known.map(({ kind, version }) => apiVersionOf(kind, version)).join(', ');
  return { path: ['apiVersion'], level: 'error', message: `unknown version; known are ${versions}` };
}

function deprecation({ kind, version }: ReviewedKind): Said[] {
  const stored = kind.versions[0];
  if (version === stored) return [];
  const message = `${apiVersionOf(kind, version)} ${kind.kind} is deprecated; use ${apiVersionOf(kind)}`;
  return [{ path: ['apiVersion'], level: 'warning', message }];
}

/** The API server cannot tell this: by the time admission is asked, what the schema does not know has been taken away. */
function unknownField({ kind, version }: ReviewedKind, path: FieldPath): Said {
  const moved = version === kind.versions[0] ? v1beta2Path(kind.kind, path) : undefined;
  const hint = moved === undefined ? '' : `: moved to ${printPath(moved)}`;
  return { path, level: 'error', message: `unknown field${hint}` };
}

function textAt(object: unknown, path: string): string | undefined {
  const value = valueAt(object, path);
  return typeof value === 'string' ? value : undefined;
}
