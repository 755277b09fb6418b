import type { Kind, KubeObject } from '@openfunction/api';
import type { CodedError } from '@openfunction/errors';
import type { Change, GroupOf, KubeClient, LogTail, Note, Store } from '@openfunction/kube';
import type { Key } from '@openfunction/queue';
import type { Pruned } from './pruning.ts';

/** What one look at an object decides. The plan of the same world is the same plan: it knows nothing of why it was woken. */
export interface Plan<Status> {
  /**
   * Children that are tried without effect before the first of `apply` is written: when one is refused, nothing has been made. Those that
   * are there already are not tried.
   */
  rehearse?: KubeObject[];
  /** Children as they shall be, in the order in which they are applied. */
  apply: KubeObject[];
  /**
   * Children whose refusal holds up nothing else, in groups: applied after those of `apply`. A refusal ends its own group only; the rest of
   * the plan is carried out, with the refusal laid over the status, and then the refused child is tried again.
   */
  apart?: KubeObject[][];
  /** Children that shall go, as observed (their uid guards against namesakes). */
  remove: KubeObject[];
  /** Labels and annotations on objects that somebody else makes: written only where they differ, after the children. */
  adjust?: Adjustment[];
  /** The whole wanted status; undefined leaves it as it is. */
  status: Status | undefined;
  /** What has just happened, told to the user once. */
  events: Note[];
  /** When to look again even if nothing changes, e.g. the end of a time limit. */
  wakeAt?: Date;
}

/** A child of `apart` that the API server refuses, or whose name is taken. */
export interface Refused {
  child: KubeObject;
  error: CodedError;
}

/**
 * Metadata that an object of another owner shall carry. It is written as a merge patch with the object's uid: it never makes the
 * object, and touches none of its other fields. Keys that this controller has put there before, and that are no longer named here, go.
 */
export interface Adjustment {
  /** The object as observed. */
  object: KubeObject;
  /** Null removes a key that its owner has written. */
  labels: Record<string, string | null>;
  annotations: Record<string, string | null>;
}

/** What a controller may look at: watch caches, and the API server itself where absence has to be certain. */
export interface World {
  /** The watch cache of a kind that the controller declared; of several, the one under this view. */
  store: (kind: Kind, view?: string) => Store;
  /** Whether the API server serves the kind; undefined before it answered. */
  served: (kind: Kind) => boolean | undefined;
  /** Why a kind that is `dispensable` counts as not served although it is; undefined when that is not so. */
  unreadable: (kind: Kind) => string | undefined;
  /** The version under which the kind is read and written, e.g. `v1beta1`; undefined while it is not served. */
  version: (kind: Kind) => string | undefined;
  /** The object as cached, else as the API server has it now: for decisions that rest on something being gone. */
  confirm: (kind: Kind, key: { namespace?: string | undefined; name: string }) => Promise<KubeObject | undefined>;
  /** The object as the API server has it now: before something is made that may not be made twice. */
  latest: (kind: Kind, key: { namespace?: string | undefined; name: string }) => Promise<KubeObject | undefined>;
  /**
   * Whether an object of a kind that is not watched exists; undefined when that cannot be told. Nothing of it but its metadata is read. Never
   * throws.
   */
  exists: (kind: Kind, key: { namespace?: string | undefined; name: string }) => Promise<boolean | undefined>;
  /** Whether the kind's definition has this field, e.g. `spec.scaleTargetRef.name`; false while it is not served. */
  hasField: (kind: Kind, path: string) => Promise<boolean>;
  /** An object without the fields that the kind's definition does not declare; as it is while the kind is not served. */
  prune: <Value>(kind: Kind, object: Value) => Promise<Pruned<Value>>;
  /** Tells an Event about an object that this controller does not own, once for its occasion. Never throws. */
  tell: (regarding: KubeObject, note: Note) => void;
  /** Puts annotations on an object of somebody else that is still as observed. Throws `api.conflict` when it is not. */
  annotate: (kind: Kind, observed: KubeObject, annotations: Record<string, string>) => Promise<void>;
  /** The end of a container's log, for people to read; undefined when it cannot be had. Never throws. */
  logTail: (pod: { namespace?: string | undefined; name: string }, tail: LogTail) => Promise<string | undefined>;
  /** The Events about an object that is as observed, in any order; none when they cannot be had. Never throws. */
  eventsOf: (regarding: KubeObject) => Promise<KubeObject[]>;
}

/** One kind that a controller watches, and whose keys its changes wake. */
export interface Watch {
  kind: Kind;
  /** `self`: the controller's own kind. `owner`: the object of that kind which owns the changed one. Else: a mapping. */
  wakes: 'self' | 'owner' | ((change: Change, world: World) => Key[]);
  /** Only names and versions are needed. */
  metadataOnly?: boolean;
  /** Only objects with these labels, as the API server selects them. */
  labelSelector?: string;
  /** Only in this namespace. */
  namespace?: string;
  /** Only objects with these fields, e.g. `metadata.name=a`: what a role that names its object allows. */
  fieldSelector?: string;
  /** Sets objects in groups, to be looked up by `store.group`: where they are found by neither name nor owner. */
  groupOf?: GroupOf;
  /** Sets a second cache of the same kind, with another selection, apart from the first. */
  view?: string;
  /** The controller starts without it where it cannot be listed: it then counts as not served, and `unreadable` says why. */
  dispensable?: boolean;
  /** Drops what the controller does not read before an object is kept. */
  trim?: (object: KubeObject) => KubeObject;
}

/** A kind's controller: everything that differs between kinds. The shell does the rest, the same way for each. */
export interface Controller<Seen, Status> {
  /** Name of the queue, of metrics and spans, e.g. `function`. */
  name: string;
  primary: Kind;
  /** The kind that controls the primaries: while one of its objects is paused, so is what it controls. */
  parent?: Kind;
  watches: Watch[];
  /** Only reads. */
  observe: (object: KubeObject, world: World) => Promise<Seen> | Seen;
  /** Pure. */
  plan: (seen: Seen, now: Date) => Plan<Status>;
  /**
   * The status that tells the user why the plan could not be carried out; where only a child of `apart` is missing, laid over the status that
   * was planned: the same again at each look. Pure.
   */
  markFailed: (seen: Seen, error: Error, now: Date, apart?: { child: KubeObject; status: Status }) => Status;
  /**
   * What the controller may set right itself when a child is refused, e.g. a switch of a neighbour: `true` when that may help, and then
   * the child is tried again and nothing is said. What it throws is told in place of the refusal.
   */
  remedy?: (refusal: CodedError, client: KubeClient) => Promise<boolean>;
  /** The status that tells the user of the pause, the same again at each look. Pure. Absent where the parent tells. */
  markPaused?: (object: KubeObject, now: Date) => Status | undefined;
}

/** Whether this replica may write now; asked before each look at an object. */
export interface Gate {
  isOpen: () => boolean;
  /** Resolves when it is known whether the gate is open; `onOpen` is called each time it opens after that. */
  start: (onOpen: () => void) => Promise<void>;
  stop: () => Promise<void>;
}
