/** DNS names as a Gateway uses them: domains, listener hostnames, hosts of functions. */

const LABEL = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';

/** A DNS name in lower case, each label of at most 63 characters (RFC 1123), as the CRD schema writes it. */
export const DNS_NAME = `${LABEL}(\\.${LABEL})*`;

/** A listener's hostname holds 253 characters, two of them `*.`. */
export const LONGEST_DOMAIN = 251;

/** What a DNS name holds at most. */
const LONGEST_HOST = 253;

const ONLY_DNS_NAME = new RegExp(`^${DNS_NAME}$`);

/** Whether this is a DNS name below which hosts can be made. */
export function isDomain(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_DOMAIN && ONLY_DNS_NAME.test(value);
}

/** Whether this is a DNS name that a host can have. */
export function isHost(value: string): boolean {
  return value.length <= LONGEST_HOST && ONLY_DNS_NAME.test(value);
}

/** Whether a hostname is the domain itself or lies below it, label by label: `x.ofn.io` and `*.ofn.io` do, `xofn.io` does not. */
export function isWithin(hostname: string, domain: string): boolean {
  return hostname === domain || hostname.endsWith(`.${domain}`);
}

/** The hostname of a listener for everything below a domain; undefined where that is no domain. */
export function wildcard(domain: unknown): string | undefined {
  return isDomain(domain) ? `*.${domain}` : undefined;
}

/** Whether a listener with this hostname serves the host: the same, or a wildcard above it, which spans several labels. */
export function serves(hostname: string, host: string): boolean {
  return hostname === host || (hostname.startsWith('*.') && host.endsWith(hostname.slice(1)));
}
