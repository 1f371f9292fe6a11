/** What one field of a schedule may say: its bounds, and the words that stand for its numbers from the lowest on. */
interface CronField {
  readonly lowest: number;
  readonly highest: number;
  readonly words?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Minute, hour, day of the month, month, day of the week. */
const fields: readonly CronField[] = [
  { lowest: 0, highest: 59 },
  { lowest: 0, highest: 23 },
  { lowest: 1, highest: 31 },
  { lowest: 1, highest: 12, words: months },
  { lowest: 0, highest: 6, words: weekdays },
];

/**
 * Whether Kubernetes takes a text for a schedule.
 *
 * It reads them by github.com/robfig/cron/v3, which is stricter than libraries for Node.js: Sunday is 0 and never 7.
 */
export function isCronSchedule(text: string): boolean {
  return numbersOf(text) !== undefined;
}

/** Returns the shortest time between two runs of a schedule, seconds; undefined for one that never runs. */
export function shortestGapSeconds(schedule: string): number | undefined {
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = numbersOf(schedule) ?? [];
  const [, , anyDay, , anyWeekday] = schedule.split(" ").map((text) => text === "*");
  const times = hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute)).sort((a, b) => a - b);
  const runsOn = (date: Date) => {
    const [ofMonth, ofWeek] = [days.includes(date.getUTCDate()), weekdays.includes(date.getUTCDay())];
    const either = !anyDay && !anyWeekday ? ofMonth || ofWeek : ofMonth && ofWeek;
    return either && months.includes(date.getUTCMonth() + 1);
  };
  // Four years have every day that comes, and every day of the week beside it.
  const runDays = Array.from({ length: 4 * 366 }, (_, day) => day).filter((day) =>
    runsOn(new Date(Date.UTC(2024, 0, 1 + day))),
  );
  if (runDays.length === 0) return undefined;
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const withinDay = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const overnight = runDays.slice(1).map((day, index) => (day - (runDays[index] ?? 0)) * 1440 + first - last);
  return Math.min(...withinDay, ...overnight) * 60;
}

/** The numbers that each field of a schedule stands for; undefined for what is no schedule. */
function numbersOf(text: string): number[][] | undefined {
  const parts = text.split(" ");
  const lists = fields.flatMap((field, index) => {
    const items = parts[index]?.split(",").map((item) => rangeOf(item, field)) ?? [];
    return items.every((item) => item !== undefined) ? [[...new Set(items.flat())]] : [];
  });
  return parts.length === fields.length && lists.length === fields.length ? lists : undefined;
}

/** The numbers of one of `*`, `5`, `1-5`, `MON-FRI`, each with a step such as `/10` or without. */
function rangeOf(text: string, field: CronField): number[] | undefined {
  const [, whole, from = "", to, step] = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d{1,4}))?$/.exec(text) ?? [];
  const first = whole ? field.lowest : numberOf(from, field);
  // 5/15 goes on to the end, as */15 does.
  const open = whole ?? (to === undefined ? step : undefined);
  const last = open ? field.highest : numberOf(to ?? from, field);
  const width = Number(step ?? 1);
  const isBetween = first >= field.lowest && first <= last && last <= field.highest;
  if (!isBetween || width === 0) return undefined;
  return Array.from({ length: Math.floor((last - first) / width) + 1 }, (_, index) => first + index * width);
}

/** NaN for what is neither a number nor a word of the field, which then is within no bounds. */
function numberOf(text: string, { lowest, words = [] }: CronField): number {
  const place = words.indexOf(text.toLowerCase());
  return place >= 0 ? lowest + place : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}
