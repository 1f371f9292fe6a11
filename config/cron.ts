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
  const parts = text.split(" ");
  return parts.length === fields.length && fields.every((field, index) => isList(parts[index] ?? "", field));
}

function isList(text: string, field: CronField): boolean {
  return text.split(",").every((item) => isRange(item, field));
}

/** One of `*`, `5`, `1-5`, `MON-FRI`, each with a step such as `/10` or without. */
function isRange(text: string, field: CronField): boolean {
  const [, whole, from = "", to = from, step = "1"] = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d{1,4}))?$/.exec(text) ?? [];
  const first = numberOf(from, field);
  const last = numberOf(to, field);
  const isBetween = first >= field.lowest && first <= last && last <= field.highest;
  return Number(step) > 0 && (whole === "*" || isBetween);
}

/** NaN for what is neither a number nor a word of the field, which then is within no bounds. */
function numberOf(text: string, { lowest, words = [] }: CronField): number {
  const place = words.indexOf(text.toLowerCase());
  return place >= 0 ? lowest + place : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}
