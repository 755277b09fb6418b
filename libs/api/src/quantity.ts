/** Quantities of resources in the text form of Kubernetes (`500m`, `1.5Gi`, `1e3`), which a typed client spells in its own way. */

const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const QUANTITY = /^([+-]?)(\d{0,30})(?:\.(\d{0,30}))?(?:[eE]([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)$/;
const NANO = 9;

/** Billionths of a quantity, rounded up to a whole one, or undefined if it is none. A number counts as its text. */
export function parseQuantity(quantity: unknown): bigint | undefined {
  if (typeof quantity !== 'string' && typeof quantity !== 'number') return undefined;
  const [, sign, whole = '', fraction = '', exponent, suffix = ''] = QUANTITY.exec(String(quantity)) ?? [];
  if (sign === undefined || whole + fraction === '') return undefined;
  const binary = 10 * (BINARY.indexOf(suffix) + 1);
  const decimal = binary > 0 ? 0 : exponent === undefined ? 3 * (DECIMAL.indexOf(suffix) - 3) : Number(exponent);
  const scale = NANO + decimal - fraction.length;
  const digits = BigInt(whole + fraction) << BigInt(binary);
  const size = scale >= 0 ? digits * 10n ** BigInt(scale) : dividedUp(digits, 10n ** BigInt(-scale));
  return sign === '-' ? -size : size;
}

function dividedUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}
