import { Writable } from "node:stream";
import { secretMarker } from "../catalog/secrets";

/**
 * The one mechanism that keeps secrets out of what is printed, posted and written: the values that this process knows, in every
 * way they are commonly written, and what looks like a credential of anyone.
 */

/** A shorter value would be found in harmless words; characters. */
const shortestValue = 6;

const knownValues = new Set<string>();
let knownForms: RegExp | undefined;

/** Has every later text of this process show none of these values. Those too short to be told from other words are left out. */
export function hideValues(values: Iterable<string>): void {
  for (const value of values) for (const line of linesOf(value)) knownValues.add(line);
  // The longest first, as one value may begin with another.
  const forms = [...knownValues].sort((a, b) => b.length - a.length).flatMap(formsOf);
  knownForms = forms.length === 0 ? undefined : new RegExp(forms.join("|"), "g");
}

/** Returns whether a text holds a value, in any of the ways in which values are written. */
export function holdsValue(text: string, value: string): boolean {
  const forms = linesOf(value).flatMap(formsOf);
  return forms.length > 0 && new RegExp(forms.join("|")).test(text);
}

/** What prints a text of several lines may indent each, so each counts for itself. */
function linesOf(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return lines.filter(({ length }) => length >= shortestValue);
}

function formsOf(value: string): string[] {
  return [plain(value), ...base64(value)];
}

/** A value as it is, and as URLs, JSON and shells escape it. */
function plain(value: string): string {
  return [...value].map((character) => (/[A-Za-z0-9]/.test(character) ? character : anyEscape(character))).join("");
}

function anyEscape(character: string): string {
  const bytes = [...Buffer.from(character)].map((byte) => `%${eitherCase(byte.toString(16).padStart(2, "0"))}`);
  const unit = eitherCase(character.charCodeAt(0).toString(16).padStart(4, "0"));
  const forms = [`\\\\*${literally(character)}`, bytes.join(""), `\\\\u${unit}`, ...(character === " " ? ["\\+"] : [])];
  return `(?:${forms.join("|")})`;
}

/** The forms of a value within a text in base64: alone, or with one or two bytes before the next group of three. */
function base64(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    // Digits that hold bits of other bytes too are not the value's own; those behind it are taken with it.
    const own = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    const digits = own.replaceAll("+", "(?:[+-]|%2[bB])").replaceAll("/", "(?:[/_]|%2[fF])");
    return `${digits}[\\w+/-]*(?:=|%3[dD]){0,2}`;
  });
}

function eitherCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** What credentials look like, for those that are nobody's secret of ours, or whose values this process does not know. */
interface Credentials {
  /** What every text has that holds one: most texts have none of these, and are not searched. */
  readonly sign: string;
  readonly patterns: readonly RegExp[];
}

const scheme = /\b[a-z][a-z0-9+.-]*:\/\//.source;

const marked: readonly Credentials[] = [
  // Private keys, also one whose end is cut off.
  {
    sign: "-----BEGIN ",
    patterns: [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g],
  },
  {
    sign: "://",
    patterns: [
      // Users and passwords, whatever characters they have: of an address in quotes all up to its last @ …
      new RegExp(`(?<=(["'\`])${scheme})[^\\s:/?#@]*:(?:\\\\.|(?!\\1)[^\\\\\\n])+(?=@)`, "gi"),
      // … else up to the last @ before white space or what ends a text in JSON, or, where no port can be meant, to the next @.
      new RegExp(`(?<=${scheme})[^\\s:/?#@]*:(?:[^\\s"]|"(?![\\s,:}\\]]))+(?=@)`, "gi"),
      new RegExp(`(?<=${scheme})[^\\s:/?#@]*:(?!\\d{1,5}(?:\\D|$))[^\\n@]+(?=@)`, "gi"),
      new RegExp(`(?<=${scheme})[^\\s/?#:@"']+(?=@)`, "gi"),
      // Hooks of chat services.
      /(?<=:\/\/hooks\.slack(?:-gov)?\.com\/)[\w/-]+/gi,
      /(?<=:\/\/(?:[\w-]+\.)?discord(?:app)?\.com\/api\/(?:v\d+\/)?webhooks\/)[\w/-]+/gi,
      /(?<=:\/\/[\w.-]+\.office(?:365)?\.com\/webhook(?:b2)?\/)[^\s"']+/gi,
      /(?<=:\/\/chat\.googleapis\.com\/v1\/spaces\/)[^\s"']+/gi,
      /(?<=:\/\/[\w.:-]+\/hooks\/)[a-z0-9]{20,}/gi,
    ],
  },
];

/** What comes before a credential, and what it is made of then. */
const named: readonly RegExp[] = [
  /(\bbearer(?:\s+|%20))[\w.~+/=-]{8,}/gi,
  /(\bauthorization["']?\s*[:=]\s*["']?(?:basic|token|digest|negotiate)\s+)[^\s"',]{6,}/gi,
  /(\bx-amz-(?:security-token|signature|credential)["']?\s*[:=]\s*["']?)[^\s"'&]+/gi,
  /(\b(?:aws_?)?(?:secret_?access_?key|session_?token)["']?\s*[:=]\s*["']?)[\w+/=-]{16,}/gi,
  /(\b(?:AccountKey|SharedAccessKey|sig)=)[\w+/=%-]{16,}/g,
];

/** Tokens and keys that are known by how they begin. */
const tokens = new RegExp(
  `\\b(?:${[
    // The Hub.
    /(?:hf_(?:[a-z]+_)?|api_org_)[A-Za-z0-9]{8,}\b/,
    // Hosts of code.
    /(?:gh[oprsu]|github_pat)_\w{8,}/,
    /gl(?:[a-z]{2,5}t|soat)-[\w.-]{16,}/,
    /ATATT[\w-]{20,}/,
    // Hosts of packages, images, states and metrics.
    /(?:npm|dckr_pat|dckr_oat|dop_v1|glsa|glc|shpat)_[\w-]{16,}/,
    /(?:pypi-|pul-|rubygems_|hv[bs]\.)[\w-]{20,}/,
    // Chats, mails, models and payments.
    /(?:xox[a-z]|xapp)(?:-\w+)+/,
    /\d{8,10}:AA[\w-]{30,}/,
    /SG\.[\w-]{16,}\.[\w-]{16,}/,
    /sk-[\w-]{20,}/,
    /(?:[srp]k_(?:live|test)|whsec|gsk|lin_api|ntn)_[\w-]{16,}/,
    // JWTs.
    /eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*){0,3}/,
    // Keys, session tokens and cluster tokens of clouds.
    /(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/,
    /(?:IQoJb3JpZ2lu|F[Qw]oGZXIvYXdz)[\w+/=%-]{20,}/,
    /k8s-aws-v1\.[\w-]+/,
    /AIza[\w-]{35}/,
    /(?:ya29\.|GOCSPX-|1\/\/0)[\w-]{20,}/,
  ]
    .map(({ source }) => source)
    .join("|")})`,
  "g",
);

/** Returns a text with a marker in the place of each value that this process knows, and of all that looks like a credential. */
export function redact(text: string): string {
  const patterns = marked.flatMap((each) => (text.includes(each.sign) ? each.patterns : []));
  const unknown = [...patterns, tokens].reduce(
    (clean, pattern) => clean.replace(pattern, secretMarker),
    knownForms === undefined ? text : text.replace(knownForms, secretMarker),
  );
  return named.reduce((clean, pattern) => clean.replace(pattern, `$1${secretMarker}`), unknown);
}

/** A character that hides or reorders what a reader sees, or that a terminal obeys; with the rest of a colour's sequence. */
const deceptive = /[^\P{C}\n\t](\[(?:[0-47]|2[2-47]|3\d|49|9[0-7]|38;5;\d{1,3})m)?/gu;

/**
 * Returns a text in which every character shows; an invisible one as its code, such as `\u{202e}`.
 *
 * @param colours whether a terminal's colours may stay. Default: they are shown as codes too
 */
export function visible(text: string, { colours = false } = {}): string {
  return text.replace(deceptive, (found: string, colour = "") => {
    if (colours && colour !== "" && found.startsWith("\u001b")) return found;
    return `\\u{${found.codePointAt(0)?.toString(16)}}${colour}`;
  });
}

/** Returns a text as a terminal may show it: without secrets, and with nothing that a terminal obeys but colours. */
export function printable(text: string): string {
  return visible(redact(text), { colours: true });
}

/** A private key's beginning is held back until its end, but no more than this; characters. */
const longestKey = 16_384;

/** What a program prints, chunk by chunk, made printable line by line on its way to `write`. */
export class PrintableLines {
  private held = "";

  constructor(private readonly write: (text: string) => void) {}

  take(chunk: string): void {
    this.held += chunk;
    const whole = this.held.lastIndexOf("\n") + 1;
    const key = this.held.lastIndexOf("-----BEGIN ", whole);
    const isOpen = key >= 0 && whole - key < longestKey && !this.held.slice(key, whole).includes("-----END ");
    this.pass(isOpen ? this.held.lastIndexOf("\n", key) + 1 : whole);
  }

  /** Lets go of what has no end of a line. */
  end(): void {
    this.pass(this.held.length);
  }

  private pass(length: number): void {
    if (length > 0) this.write(printable(this.held.slice(0, length)));
    this.held = this.held.slice(length);
  }
}

/** Has the console of this process print what is printable only. Each call of it prints one text, whole. */
export function redactConsole(): void {
  const through = (stream: NodeJS.WriteStream) =>
    new Writable({
      decodeStrings: false,
      write: (text, _encoding, done) => {
        stream.write(printable(String(text)));
        done();
      },
    });
  globalThis.console = new console.Console({ stdout: through(process.stdout), stderr: through(process.stderr) });
}
