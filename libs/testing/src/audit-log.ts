import { readFile } from 'node:fs/promises';

/** One answered request (audit.k8s.io/v1 Event), as far as tests look at it. */
export interface AuditEvent {
  auditID: string;
  stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  verb: string;
  requestURI: string;
  user: { username: string; groups?: string[] };
  userAgent?: string;
  objectRef?: {
    resource: string;
    namespace?: string;
    name?: string;
    apiGroup?: string;
    apiVersion?: string;
    subresource?: string;
  };
  responseStatus?: { code: number; reason?: string };
  requestReceivedTimestamp: string;
  stageTimestamp: string;
}

/** The answered requests of an audit log, oldest first; a line that is still being written is left out. */
export async function readAuditLog(file: string): Promise<AuditEvent[]> {
  const text = await readFile(file, 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  const events = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AuditEvent);
  return events.filter(({ stage }) => stage === 'ResponseComplete');
}

/** Whether one of this project's services asked. */
export function isOurs({ user }: AuditEvent): boolean {
  return user.username.startsWith('system:serviceaccount:openfunction:');
}

/** Whether it could change something: a dry run cannot. */
export function isWrite({ verb, requestURI }: AuditEvent): boolean {
  return !['get', 'list', 'watch'].includes(verb) && !requestURI.includes('dryRun=');
}

/** Verb and resource, e.g. `patch functions/status`. */
export function requestOf({ verb, objectRef }: AuditEvent): string {
  return `${verb} ${[objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/')}`;
}
