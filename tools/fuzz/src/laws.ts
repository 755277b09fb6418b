import { isDeepStrictEqual } from 'node:util';
import { applyDefaults, checkSchema, REVIEWED_KINDS, type ReviewedKind, unknownFields } from '@openfunction/admission';
import { apiVersionOf, convert, V1BETA2_PRESERVED, valueAt } from '@openfunction/api';
import { type Case, drawCase, drawConforming } from './cases.ts';
import type { Choices } from './choices.ts';
import { applyPatch } from './json-patch.ts';
import { inTables, mutate, patched, unpreserved, untraced, validate } from './reviews.ts';
import { lost } from './written.ts';

/** What holds for every object. `check` throws where it does not, and says whether the case is one that the law is about. */
interface Law {
  name: string;
  check: (given: Case) => boolean;
}

/** Laws about objects that are drawn in the same way. */
interface Family {
  draw: (choices: Choices) => Case;
  laws: readonly Law[];
}

/** The longest that one review may take, in milliseconds. Where coverage is measured, everything is slower. */
const LONGEST = process.env['NODE_V8_COVERAGE'] === undefined ? 50 : 1000;

/** The laws of defaults, reviews and conversion, over every kind and version that is reviewed. */
export const FAMILIES: readonly Family[] = [
  {
    draw: drawCase,
    laws: [
      { name: 'defaults applied twice change nothing more', check: isIdempotent },
      { name: 'a patch makes the defaulted object', check: makesDefaulted },
      { name: 'a patch has no operation too many', check: isMinimal },
      { name: 'defaults keep what the user has written', check: keepsWritten },
      { name: 'what is accepted stays accepted', check: staysAccepted },
      { name: 'what is refused stays refused', check: staysRefused },
      { name: 'no review throws or takes long', check: isQuick },
    ],
  },
  {
    draw: drawConforming,
    laws: [
      { name: 'conversion there and back gives the object again', check: returns },
      { name: 'a converted object has only fields that its version knows', check: isKnown },
    ],
  },
];

function isIdempotent(given: Case): boolean {
  const { reviewed, operation, old } = given;
  const { given: before, defaulted } = inTables(given);
  const again = applyDefaults(
    reviewed.defaults,
    defaulted,
    operation,
    old && inTables({ ...given, object: old }).given,
  );
  expectEqual(again.object, defaulted);
  expectEqual(again.set, []);
  return !isDeepStrictEqual(before, defaulted);
}

function makesDefaulted(given: Case): boolean {
  const verdict = mutate(given);
  if (!verdict.allowed) return false;
  const { defaulted } = inTables(given);
  const convertBack = given.reviewed.view?.convert ?? ((object: unknown) => object);
  expectEqual(ofUser(convertBack(patched(given, verdict))), ofUser(defaulted));
  return verdict.patch.length > 0;
}

/** The object without what is not of its user: what its trace is, and what conversion keeps for the other version. */
function ofUser(object: unknown): unknown {
  return untraced(unpreserved(object));
}

function isMinimal(given: Case): boolean {
  const { patch, allowed } = mutate(given);
  if (!allowed || patch.length === 0) return false;
  const whole = applyPatch(given.object, patch);
  for (const [at, operation] of patch.entries()) {
    const rest = result(given.object, patch.toSpliced(at, 1));
    if (isDeepStrictEqual(rest, whole)) throw new Error(`without ${JSON.stringify(operation)} the result is the same`);
  }
  return true;
}

/** What a patch makes of an object; undefined where it fails. */
function result(object: unknown, patch: Parameters<typeof applyPatch>[1]): unknown {
  try {
    return applyPatch(object, patch);
  } catch {
    return undefined; // An operation builds on the one that is left out, so that one was needed.
  }
}

function keepsWritten(given: Case): boolean {
  const verdict = mutate(given);
  if (!verdict.allowed || isTorn(given.object)) return false;
  expectEqual(lost(given, patched(given, verdict)), []);
  return verdict.patch.length > 0;
}

/**
 * Whether an async function of v1beta1 has a port or a route, and a preservation annotation: there may be an HTTP trigger in it. Only
 * one written by hand has that: admission demands inputs of an async function, and beside inputs conversion keeps no HTTP trigger. The
 * law leaves it out, since not everything can be kept: port and route stand for fields of the very trigger that the annotation
 * holds, and where a default fills one of these in, the one written in v1beta1 gives way.
 */
function isTorn(object: unknown): boolean {
  if (valueAt(object, 'spec.serving.runtime') !== 'async') return false;
  const isWritten = ['spec.port', 'spec.route'].some((path) => valueAt(object, path) !== undefined);
  return isWritten && valueAt(object, ['metadata', 'annotations', V1BETA2_PRESERVED]) !== undefined;
}

function staysAccepted(given: Case): boolean {
  const verdict = mutate(given);
  if (!verdict.allowed) return false;
  const object = patched(given, verdict);
  const { reviewed, old, dryRun } = given;
  // What breaks the schema as it is stored may be kept only as it is, and a default may lie within.
  if (old === undefined || checkSchema(reviewed.schema, old, []).length === 0)
    expectAllowed(validate({ ...given, object }), 'by the validating review');
  // What was stored before a rule existed may be edited, not made again.
  if (old === undefined) expectUnchanged({ reviewed, operation: 'create', object, dryRun }, 'created again');
  const stored = settled(reviewed, object);
  expectUnchanged({ reviewed, operation: 'update', object: stored, old: stored }, 'updated with itself');
  expectUnchanged({ reviewed, operation: 'update', object: labelled(stored), old: stored }, 'with another label');
  return true;
}

/** The object after the first update that changes nothing: it may take back what a create could not know to be a default (Q7). */
function settled(reviewed: ReviewedKind, object: unknown): unknown {
  const question = { reviewed, operation: 'update', object, old: object } as const;
  const verdict = mutate(question);
  expectAllowed(verdict, 'updated with itself');
  return patched(question, verdict);
}

function labelled(object: unknown): unknown {
  return applyPatch(object, [{ op: 'add', path: '/metadata/labels', value: { added: 'label' } }]);
}

function expectUnchanged(question: Parameters<typeof mutate>[0], how: string): void {
  const verdict = mutate(question);
  expectAllowed(verdict, how);
  expectEqual(verdict.patch, []);
  expectAllowed(validate(question), `${how}, by the validating review`);
}

function expectAllowed({ allowed, fields }: { allowed: boolean; fields: readonly string[] }, how: string): void {
  if (!allowed) throw new Error(`refused ${how}: ${fields.join(', ')}`);
}

function staysRefused(given: Case): boolean {
  const { allowed, fields } = mutate(given);
  if (allowed) return false;
  const { reviewed } = given;
  const { defaulted } = inTables(given);
  const object = reviewed.view === undefined ? defaulted : reviewed.view.revert(defaulted);
  // What is said about the object as sent may be of no weight in the defaulted one (C10), and the other way round.
  const isAccepted = validate({ ...given, object }).allowed && validate(given).allowed;
  if (isAccepted) throw new Error(`accepted by the validating review; the mutating one refuses ${fields.join(', ')}`);
  return true;
}

function returns({ reviewed, object }: Case): boolean {
  const { kind, version } = reviewed;
  const there = converted(object, otherOf(reviewed));
  expectEqual(converted(there, reviewed), object);
  expectEqual(converted(object, otherOf(reviewed)), there);
  return apiVersionOf(kind, version) !== (there as { apiVersion: string }).apiVersion;
}

function isKnown({ reviewed, object }: Case): boolean {
  const other = otherOf(reviewed);
  const there = converted(object, other);
  expectEqual(unknownFields(other.schema, there), []);
  // Words and bounds that only one version holds an object to are for its rules to judge.
  const mistyped = checkSchema(other.schema, there, []).filter(({ detail }) => /^must be (a|true)/.test(detail));
  expectEqual(mistyped, []);
  return true;
}

function otherOf({ kind, version }: ReviewedKind): ReviewedKind {
  const other = REVIEWED_KINDS.find((one) => one.kind === kind && one.version !== version);
  if (other === undefined) throw new Error(`${kind.kind} has no other version`);
  return other;
}

function converted(object: unknown, { kind, version }: ReviewedKind): unknown {
  const conversion = convert(object, apiVersionOf(kind, version));
  if ('problem' in conversion) throw new Error(conversion.problem);
  return conversion.object;
}

function isQuick(given: Case): boolean {
  const other = { ...given, operation: given.old === undefined ? 'create' : given.operation } as const;
  for (const review of [mutate, validate]) expectQuick(() => review(other));
  return true;
}

/** Runs it, and fails where it takes long each time: once, a machine may have had other things to do. */
export function expectQuick<Result>(run: () => Result, tries = 10): Result {
  const start = performance.now();
  const found = run();
  const took = performance.now() - start;
  if (took <= LONGEST) return found;
  if (tries === 1) throw new Error(`took ${took.toFixed(1)} ms`);
  return expectQuick(run, tries - 1);
}

function expectEqual(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`differs:\n  is     ${JSON.stringify(actual)}\n  wanted ${JSON.stringify(expected)}`);
}
