import { isObject, type KubeObject, valueAt } from '@openfunction/api';
import { toBase64 } from './bundle.ts';

/** One place in an object that says whom the API server trusts. */
export interface Slot {
  /** JSON pointer of the client configuration. */
  path: string;
  /** What must still be so for a patch of this place to mean the same. */
  guard: { path: string; value: unknown };
  /** As it is now, in Base64. */
  caBundle: unknown;
}

/**
 * Every `caBundle` of a webhook configuration, or that of a CRD whose versions are converted by a webhook. Total: what is not
 * there, or not of that form, has none.
 */
export function slotsOf(object: KubeObject): Slot[] {
  const webhooks: unknown = object['webhooks'];
  const conversion: unknown = valueAt(object, 'spec.conversion');
  const found = Array.isArray(webhooks) ? webhooks.map(slotOfWebhook) : [slotOfConversion(conversion)];
  return found.filter((slot) => slot !== undefined);
}

function slotOfWebhook(webhook: unknown, index: number): Slot | undefined {
  const client = valueAt(webhook, 'clientConfig');
  if (!isObject(client)) return undefined;
  const guard = { path: `/webhooks/${index}/name`, value: valueAt(webhook, 'name') };
  return { path: `/webhooks/${index}/clientConfig`, guard, caBundle: client['caBundle'] };
}

function slotOfConversion(conversion: unknown): Slot | undefined {
  const [strategy, client] = [valueAt(conversion, 'strategy'), valueAt(conversion, 'webhook.clientConfig')];
  if (strategy !== 'Webhook' || !isObject(client)) return undefined;
  const guard = { path: '/spec/conversion/strategy', value: strategy };
  return { path: '/spec/conversion/webhook/clientConfig', guard, caBundle: client['caBundle'] };
}

/** The certificates in a text of PEM blocks, each in one and the same spelling. */
export function splitCertificates(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => block.replaceAll(/[\r\t ]*\n\s*/g, '\n'));
}

/** The certificates that a slot holds. */
export function certificatesOf({ caBundle }: Slot): string[] {
  return typeof caBundle === 'string' ? splitCertificates(Buffer.from(caBundle, 'base64').toString()) : [];
}

/** Whether a slot holds all of these (as split), and whether it holds others. */
export function compareSlot(slot: Slot, wanted: readonly string[]): { complete: boolean; extras: string[] } {
  const held = certificatesOf(slot);
  return {
    complete: wanted.every((cert) => held.includes(cert)),
    extras: held.filter((cert) => !wanted.includes(cert)),
  };
}

/** The JSON patch that makes a slot hold these; it fails, and is made anew, when anybody else has changed it meanwhile. */
export function slotPatch(slot: Slot, certificates: readonly string[]): unknown[] {
  const path = `${slot.path}/caBundle`;
  return [
    { op: 'test', ...slot.guard },
    ...(slot.caBundle === undefined ? [] : [{ op: 'test', path, value: slot.caBundle }]),
    { op: 'add', path, value: toBase64(certificates.map((cert) => `${cert}\n`).join('')) },
  ];
}
