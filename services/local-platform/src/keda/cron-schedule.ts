/** One field of a cron expression: its range, and names for its numbers. */
interface Field {
  from: number;
  to: number;
  names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Field[] = [
  { from: 0, to: 59 },
  { from: 0, to: 23 },
  { from: 1, to: 31 },
  { from: 1, to: 12, names: ['', ...MONTHS] },
  { from: 0, to: 6, names: DAYS },
];
const DESCRIPTORS: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const DAY_MS = 86_400_000;
/** 29 February comes at least once in eight years. */
const FURTHEST_DAYS = 8 * 366;

/** A cron expression of five fields, over times of the wall clock (as UTC dates). */
export interface CronSchedule {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  isDay(date: Date): boolean;
}

/** Reads an expression as KEDA does (five fields, or `@daily` and the like). Throws a sentence. */
export function parseCron(text: string): CronSchedule {
  const expression = DESCRIPTORS[text.trim()] ?? text.trim();
  const parts = expression.split(/\s+/);
  if (parts.length !== FIELDS.length) {
    throw new Error(`cron expression ${JSON.stringify(text)} has ${parts.length} fields instead of 5`);
  }
  const sets = FIELDS.map((field, index) => parseField(parts[index] ?? '', field, text));
  const [minutes = new Set(), hours = new Set(), days = new Set(), months = new Set(), weekdays = new Set()] = sets;
  // Of day and weekday, either is enough when both are given.
  const [anyDay, anyWeekday] = [isAny(parts[2]), isAny(parts[4])];
  const isDay = (date: Date) => {
    const [day, weekday] = [days.has(date.getUTCDate()), weekdays.has(date.getUTCDay())];
    return months.has(date.getUTCMonth() + 1) && (anyDay || anyWeekday ? day && weekday : day || weekday);
  };
  return { minutes, hours, isDay };
}

/** The first time after `now` that the schedule names; undefined when there is none. Both are of the wall clock. */
export function nextTime({ minutes, hours, isDay }: CronSchedule, now: Date): Date | undefined {
  const midnight = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  for (let day = 0; day < FURTHEST_DAYS; day += 1) {
    const start = midnight + day * DAY_MS;
    if (!isDay(new Date(start))) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const time = start + (hour * 60 + minute) * 60_000;
        if (time > now.getTime()) return new Date(time);
      }
    }
  }
  return undefined;
}

/** What the wall clock of a time zone shows, as a UTC date. Throws when there is no such zone. */
export function wallClock(now: Date, timeZone: string): Date {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts as Record<string, number>;
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}

/** The numbers of one field, in order. */
function parseField(text: string, field: Field, whole: string): ReadonlySet<number> {
  const numbers = text.split(',').flatMap((part) => parsePart(part, field, whole));
  return new Set(numbers.sort((a, b) => a - b));
}

function parsePart(part: string, field: Field, whole: string): number[] {
  const [range = '', step = '1'] = part.split('/');
  const [first = '', last] = range.split('-');
  const any = isAny(first);
  const from = any ? field.from : numberOf(first, field);
  const to = any ? field.to : last === undefined ? (part.includes('/') ? field.to : from) : numberOf(last, field);
  const by = Number(step);
  if (from === undefined || to === undefined || from > to || !Number.isInteger(by) || by < 1) {
    throw new Error(
      `cron expression ${JSON.stringify(whole)}: ${JSON.stringify(part)} is no value between ${field.from} and ${field.to}`,
    );
  }
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by);
}

function numberOf(text: string, { from, to, names = [] }: Field): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  const number = named >= from && text !== '' ? named : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= from && number <= to ? number : undefined;
}

function isAny(text: string | undefined): boolean {
  return text === '*' || text === '?' || text?.startsWith('*/') === true;
}
