import { strictnessOf } from "../../config/protection";
import { identifyStack } from "../../config/stacks";
import { visible } from "../../safety/redaction";
import type { Forecast } from "../forecast/forecast";
import { type ForecastTable, forecastText } from "../forecast/text";
import { type Description, type Detail, describeChange } from "./describe";
import { type Effect, effects, type Plan } from "./plan";
import { block, code, counted, firstLines } from "./text";

/** What the comment begins with and is found by; Markdown does not show it. */
export const marker = "<!-- datasets-server: review of a pull request -->";

const title = "## What this change does";

/** The most that GitHub takes for one comment; characters. */
export const mostCharacters = 65_536;

/** Room for the line that says that a comment is outdated; characters. */
const outdatedRoom = 200;

/** What a comment shows of each object. The whole shows all. */
const brief: Detail = { differences: 30, lines: 12, linesOfNew: 80, characters: 240 };

const everything: Detail = { differences: Infinity, lines: Infinity, linesOfNew: Infinity, characters: Infinity };

/** Room for the words that say what was left out; characters. */
const noticeRoom = 600;

/** What was previewed, and when. */
export interface Previewed {
  /** Default: files that are no commit. */
  readonly commit?: string;
  readonly time: Date;
}

export interface CommentOptions {
  /** Default: it is not said. */
  readonly previewed?: Previewed;
  /** Where the whole is, in words of Markdown, for a comment that has to leave something out. */
  readonly whole: string;
  /** Default: what GitHub takes; characters. */
  readonly most?: number;
}

/** A stack's part of the comment. */
interface Section {
  readonly heading: string;
  /** What happens to what runs; empty where nothing does. */
  readonly forecast: string;
  readonly notes: string;
  readonly objects: readonly Description[];
}

/** Everything that previews of stacks say, as one Markdown text of any length. */
export function wholeReview(plans: readonly Plan[], previewed?: Previewed): string {
  const sections = plans.map((plan) => sectionOf(plan, everything, Infinity));
  return compose(sections, showAll, aboutLine(previewed));
}

/** The same as a comment that GitHub takes: what is too long is left out at the borders of objects, the least drastic first. */
export function comment(plans: readonly Plan[], { whole, previewed, most = mostCharacters }: CommentOptions): string {
  const sections = plans.map((plan) => sectionOf(plan, brief, most / (3 * plans.length)));
  const about = aboutLine(previewed);
  const full = `${compose(sections, showAll, about)}\nIn full, with nothing shortened: ${whole}\n`;
  return full.length <= most - outdatedRoom ? full : shortened(sections, { whole, about, most });
}

function aboutLine(previewed: Previewed | undefined): string {
  if (previewed === undefined) return "";
  const { commit, time } = previewed;
  const of = commit === undefined ? "files that are no commit" : `${code(commit)}`;
  return `Of ${of}, previewed ${time.toISOString().slice(0, 16).replace("T", " ")} UTC.`;
}

const head = new RegExp(
  `^(${marker}\n\n${title}\n\n)(?:\\*\\*Outdated: .*\\*\\*\n\n)?(Of \`([0-9a-f]{40})\`, previewed )`,
);

/** Returns the commit that a comment is about; undefined where it is about none. */
export function reviewedCommit(body: string): string | undefined {
  return head.exec(body)?.[3];
}

/** Returns a comment that says that another commit was pushed since. */
export function outdated(body: string, newest: string): string {
  return body.replace(head, `$1**Outdated: commit ${code(newest)} was pushed since.**\n\n$2`);
}

interface Shortening {
  readonly whole: string;
  readonly about: string;
  readonly most: number;
}

function shortened(sections: readonly Section[], { whole, about, most }: Shortening): string {
  const objects = sections.flatMap((section) => section.objects);
  const byRank = effects.flatMap((effect) => objects.filter((object) => object.effect === effect));
  let room = most - outdatedRoom - noticeRoom - compose(sections, () => "", about).length;
  const keep = (costOf: (object: Description) => number, candidates: readonly Description[]) => {
    // An object that does not fit ends its turn, so that what is kept has no gaps.
    const kept = new Set<Description>();
    for (const object of candidates) {
      if (costOf(object) > room) break;
      room -= costOf(object);
      kept.add(object);
    }
    return kept;
  };
  const named = keep(({ heading }) => heading.length + 4, byRank);
  const shown = keep(
    ({ body }) => body.length + 2,
    byRank.filter((object) => named.has(object)),
  );
  const bare = byRank.filter((object) => named.has(object) && !shown.has(object) && object.body !== "");
  const missing = byRank.filter((object) => !named.has(object));
  const notice = [
    `**This comment is cut to the ${most.toLocaleString("en")} characters that GitHub takes.** Left out:`,
    ...(bare.length > 0 ? [`- what differs in ${tally(bare)}`] : []),
    ...(missing.length > 0 ? [`- ${tally(missing)}, not even named here`] : []),
    "",
    `The whole: ${whole}`,
  ].join("\n");
  const show = (object: Description) =>
    named.has(object) ? paragraphs([`- ${object.heading}`, shown.has(object) ? object.body : ""]) : "";
  return compose(sections, show, paragraphs([about, notice]));
}

function showAll({ heading, body }: Description): string {
  return paragraphs([`- ${heading}`, body]);
}

function compose(sections: readonly Section[], show: (object: Description) => string, notice: string): string {
  const forecasts = sections.map(({ forecast }) => forecast);
  const changes = sections.flatMap(({ heading, notes, objects }) => [heading, notes, ...objects.map(show)]);
  return `${paragraphs([marker, title, notice, ...forecasts, ...changes])}\n`;
}

function sectionOf(plan: Plan, detail: Detail, mostNotes: number): Section {
  const { stack, changes, unchanged, warnings, failure } = plan;
  const identity = identifyStack(stack);
  const strictness = identity && strictnessOf(identity);
  const name = code(stack);
  const warned = warnings.length > 0 ? `It warns:\n\n${textBlock(warnings, mostNotes / 2)}` : "";
  const objects = changes.map((change) => describeChange(change, detail, strictness));
  const inOrder = effects.flatMap((effect) => objects.filter((object) => object.effect === effect));
  if (failure !== undefined) {
    const cameTo = objects.length > 0 ? `It came to ${tally(objects)}:` : "";
    const notes = paragraphs([`What it says:\n\n${textBlock(failure, mostNotes / 2)}`, warned, cameTo]);
    return { heading: `### ${name}: the preview failed`, forecast: "", notes, objects: inOrder };
  }
  const same = `${counted(unchanged, "resource")} unchanged`;
  if (changes.length === 0) {
    return { heading: `**${name}**: nothing changes, ${same}`, forecast: "", notes: warned, objects: [] };
  }
  const forecast = plan.forecast ? forecastSection(name, plan.forecast, mostNotes) : "";
  return { heading: `### ${name}: ${tally(objects)}, ${same}`, forecast, notes: warned, objects: inOrder };
}

/** What happens to what runs, in a sentence, a table, and more to unfold; without the tables where they are too long. */
function forecastSection(stack: string, forecast: Forecast, most: number): string {
  const { summary, workloads, details } = forecastText(forecast, code);
  const folded = ["<details><summary>more of this forecast</summary>", ...details.map(markdownTable), "</details>"];
  const table = workloads.rows.length > 0 ? markdownTable(workloads) : "";
  const sentence = `**${stack}**: ${summary}`;
  const full = paragraphs([sentence, table, ...(details.length > 0 ? folded : [])]);
  const texts = [full, `${sentence} Its tables are too long for this comment.`];
  return texts.find((text) => text.length <= most) ?? `**${stack}**: the forecast is too long for this comment.`;
}

function markdownTable({ head, rows }: ForecastTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [head, head.map(() => "---"), ...rows].map(line).join("\n");
}

const nouns: Readonly<Record<Effect, string>> = {
  replace: "replacement",
  delete: "deletion",
  update: "update",
  create: "creation",
};

function tally(objects: readonly Description[]): string {
  return effects
    .map((effect) => ({ effect, count: objects.filter((object) => object.effect === effect).length }))
    .filter(({ count }) => count > 0)
    .map(({ effect, count }) => counted(count, nouns[effect]))
    .join(", ");
}

function textBlock(messages: readonly string[], most: number): string {
  // What does not show is told by its code, which is longer.
  const { text, left } = firstLines(visible(messages.join("\n\n")).split("\n"), Math.floor(most));
  return block("text", left === 0 ? [text] : [text, `… ${counted(left, "more line")}`]);
}

function paragraphs(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}
