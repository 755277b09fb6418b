/**
 * Durations in the text form of Go's time.ParseDuration and Duration.String, the form that the API uses.
 * Arithmetic is on whole nanoseconds (BigInt), so that no digit is lost before the final conversion.
 */

const NANOSECONDS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5, micro sign
  μs: 1_000n, // U+03BC, Greek letter mu
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const MAX = 2n ** 63n;
const TERM = /([0-9]*)(?:\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;

/** Nanoseconds of a Go duration, or undefined if the text is none or lies outside 64 bits (about ±292 years). */
export function parseNanoseconds(text: string): bigint | undefined {
  const negative = text.startsWith('-');
  const body = negative || text.startsWith('+') ? text.slice(1) : text;
  if (body === '0') return 0n;
  const sum = body === '' ? undefined : sumOfTerms(body);
  if (sum === undefined) return undefined;
  if (sum > (negative ? MAX : MAX - 1n)) return undefined;
  return negative ? -sum : sum;
}

/** Milliseconds of a Go duration (a fraction where the text has one), or undefined if the text is none. */
export function parseDuration(text: string): number | undefined {
  const nanoseconds = parseNanoseconds(text);
  return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1e6;
}

/** The canonical Go form of a number of milliseconds, to the nanosecond: `1m30s`, `1.5s`, `100ms`, `0s`. */
export function formatDuration(milliseconds: number): string {
  const nanoseconds = BigInt(Math.round(milliseconds * 1e6));
  const sign = nanoseconds < 0n ? '-' : '';
  return sign + formatPositive(nanoseconds < 0n ? -nanoseconds : nanoseconds);
}

function sumOfTerms(body: string): bigint | undefined {
  let sum = 0n;
  TERM.lastIndex = 0;
  for (let at = 0; at < body.length; at = TERM.lastIndex) {
    const term = TERM.exec(body);
    const [, whole = '', fraction = '', unit = ''] = term ?? [];
    const size = NANOSECONDS[unit];
    if (size === undefined || (whole === '' && fraction === '')) return undefined;
    sum += BigInt(whole || '0') * size;
    if (fraction !== '') sum += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  }
  return sum;
}

function formatPositive(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s';
  if (nanoseconds < 1_000n) return `${nanoseconds}ns`;
  if (nanoseconds < 1_000_000n) return `${decimal(nanoseconds, 1_000n)}µs`;
  if (nanoseconds < 1_000_000_000n) return `${decimal(nanoseconds, 1_000_000n)}ms`;
  const minutes = nanoseconds / 60_000_000_000n;
  const seconds = `${decimal(nanoseconds % 60_000_000_000n, 1_000_000_000n)}s`;
  if (minutes === 0n) return seconds;
  const hours = minutes / 60n;
  return `${hours === 0n ? '' : `${hours}h`}${minutes % 60n}m${seconds}`;
}

function decimal(value: bigint, unit: bigint): string {
  const digits = unit.toString().length - 1;
  const fraction = (value % unit).toString().padStart(digits, '0').replace(/0+$/, '');
  return fraction === '' ? `${value / unit}` : `${value / unit}.${fraction}`;
}
