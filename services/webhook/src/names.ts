/** Names of what the webhook is reached by; those of the original, so that installing over it replaces instead of doubling. */
export const SERVICE_NAME = 'openfunction-webhook-service';
export const SECRET_NAME = 'openfunction-webhook-server-cert';
export const MUTATING_CONFIGURATION = 'openfunction-mutating-webhook-configuration';
export const VALIDATING_CONFIGURATION = 'openfunction-validating-webhook-configuration';
/** CRDs whose versions are converted here. */
export const CONVERTED_CRDS = ['builders', 'functions', 'servings'].map((plural) => `${plural}.core.openfunction.io`);
export const FIELD_MANAGER = 'openfunction-webhook';

/** Marks a Secret as ours. One without it (the original's key, known to everybody) is replaced. */
export const CERTIFICATE_ANNOTATION = 'openfunction.io/webhook-certificate';

/** The names the API server may call the Service by. */
export function serviceDnsNames(namespace: string): string[] {
  const name = `${SERVICE_NAME}.${namespace}.svc`;
  return [name, `${name}.cluster.local`];
}
