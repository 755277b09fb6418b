import { plain } from './log-tail.ts';

/**
 * What Kubernetes says of a pod that does not come up, in words that stay the same from one attempt to the next: a status that
 * changes is a write.
 */

/** Classed, not quoted: the kubelet's words change with each attempt. Begins with a colon; empty when no class fits. */
export function pullCause(message: string): string {
  if (/unauthorized|denied|authentication/i.test(message)) return ': the registry refuses access';
  if (/not found|manifest unknown|does not exist/i.test(message)) return ': it does not exist';
  if (/no such host/i.test(message)) return ': the host of its registry is unknown';
  return '';
}

/** The scheduler's causes without its counts, which change with every node. */
export function schedulingCause(message: string): string {
  const causes = message.replace(/\.?\s*preemption:.*$/, '').replace(/^.*?nodes are available:\s*/, '');
  return plain(causes).replaceAll(/\b\d+ (?=[A-Za-z])/g, '') || 'no node has enough free resources';
}

/** What the namespace refuses a pod for, as its admission plugins say it. */
export const REFUSED_POD = {
  security: /violates PodSecurity|security context constraint/i,
  quotaIncomplete: /failed quota/i,
  quotaExceeded: /exceeded quota/i,
} as const;

/** The rules of the PodSecurity level that are broken. */
export function securityCause(message: string): string {
  return message.match(/violates (PodSecurity .*)$/i)?.[1] ?? message;
}

/** What a ResourceQuota demands that the pod does not say. */
export function quotaDemand(message: string): string {
  return after(message, 'failed quota:');
}

/** Which quota, what was asked for and what the limit is; what is in use changes all the time. */
export function quotaCause(message: string): string {
  return after(message, 'exceeded quota:').replace(/, used: .*?(?=, limited:|$)/, '');
}

/** A text as a sentence: with a full stop, unless it ends in one. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

function after(message: string, word: string): string {
  return message
    .slice(message.toLowerCase().indexOf(word) + word.length)
    .replace(/\.? Maybe .*$/, '')
    .trim();
}
