import { createHash } from 'node:crypto';
import { EVENT, type KubeObject } from '@openfunction/api';
import { isCoded } from '@openfunction/errors';
import type { KubeClient } from './client.ts';

/** Something that has happened to an object, told to its owner once. */
export interface Note {
  type: 'Normal' | 'Warning';
  reason: string;
  /** One plain sentence; cut at the 1024 bytes that the API allows. */
  message: string;
  action: string;
  /** The child it is about, when there is one. */
  related?: KubeObject;
  /** What makes this occurrence this one, e.g. the child's name and state: the same text is never reported twice. */
  occasion: string;
}

/** Bytes that the API server takes as the note of an Event (core/v1 validation, NoteLengthLimit). */
const NOTE_LIMIT = 1024;

/**
 * Writes an `events.k8s.io/v1` Event about `regarding`. Its name derives from the occasion, so that a repeat after a crash
 * is refused by the API server and nobody reads the news twice.
 */
export async function recordEvent(
  client: KubeClient,
  reporter: string,
  regarding: KubeObject,
  note: Note,
  now: Date,
): Promise<void> {
  const { namespace = 'default', name, uid } = regarding.metadata;
  const digest = createHash('sha256').update(`${uid}/${note.reason}/${note.occasion}`).digest('hex').slice(0, 16);
  const event = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, 200)}.${digest}`, namespace },
    eventTime: now.toISOString().replace('Z', '000Z'),
    type: note.type,
    reason: note.reason,
    action: note.action,
    note: beginning(note.message, NOTE_LIMIT),
    reportingController: 'openfunction',
    reportingInstance: reporter,
    regarding: referenceTo(regarding),
    ...(note.related !== undefined && { related: referenceTo(note.related) }),
  };
  try {
    await client.create(EVENT, event);
  } catch (error) {
    if (!isCoded(error, 'api.conflict')) throw error;
  }
}

/** As much of a text as fits into so many bytes of UTF-8; no character is cut in two. */
function beginning(text: string, bytes: number): string {
  return new TextDecoder().decode(Buffer.from(text).subarray(0, bytes), { stream: true });
}

function referenceTo(object: KubeObject) {
  const { namespace, name, uid, resourceVersion } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, namespace, name, uid, resourceVersion };
}
