import {
  type Alias,
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  Scalar,
  visit,
} from "yaml";
import { describeValue } from "./issues";

/** A place of a YAML text. */
export interface YamlPlace {
  /** The keys and places of lists that lead to it; empty for the text as a whole. */
  readonly path: readonly string[];
  /** From 1 on. */
  readonly line: number;
  /** From 1 on. */
  readonly column: number;
}

/** A place that readers of YAML could take for different things, or that is no YAML. */
export interface YamlIssue extends YamlPlace {
  /** What is wrong, without a word of the text. */
  readonly problem: string;
  /** How to write it. It may repeat the value. */
  readonly instead: string;
}

export interface Yaml {
  /** What the text holds; undefined where it cannot be read at all. */
  readonly value: unknown;
  readonly issues: readonly YamlIssue[];
  /** Where each key and each item of a list is. */
  readonly places: readonly YamlPlace[];
}

/**
 * Reads a YAML text as Pulumi does, or says where Pulumi could read it in another way.
 *
 * Pulumi reads by Go's yaml.v3, which takes some scalars as YAML 1.1 has them and others as YAML 1.2 has them. Rather than to
 * copy its rules, only what every reader takes for the same is accepted: true, false, numbers as JSON writes them, and text.
 */
export function readYaml(bytes: Uint8Array): Yaml {
  const text = decode(bytes);
  if (text === undefined) {
    return unreadable({ line: 1, col: 1 }, "is not UTF-8", "save it as UTF-8");
  }
  const lines = new LineCounter();
  // Its errors in full would repeat lines of the text, and so maybe a secret.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines });
  const placed = <Item extends Omit<Found, "problem" | "instead">>({ offset, ...item }: Item) => {
    const { line, col } = lines.linePos(offset);
    return { ...item, line, column: col };
  };
  const [error] = [...document.errors, ...document.warnings];
  if (error) {
    const what = error.code.toLowerCase().replaceAll("_", " ");
    return unreadable(lines.linePos(error.pos[0]), `is no valid YAML (${what})`, "correct that line");
  }
  if (!isMap(document.contents)) {
    const problem = document.contents === null ? "is empty" : "holds no map";
    return unreadable({ line: 1, col: 1 }, problem, "give it config: and the keys that docs/configuration.md names");
  }
  const loose = looseAlias(document);
  if (loose) {
    const problem = "has an alias of nothing, or of what it is in";
    return unreadable(lines.linePos(loose.range?.[0] ?? 0), problem, "write out the value");
  }
  const found = [
    ...directiveIssues(document),
    ...characterIssues(text),
    ...issuesOf(text, document.contents, { path: [], offset: 0 }),
  ];
  return {
    value: document.toJS({ maxAliasCount: -1 }),
    issues: found.map(placed),
    places: [...placesOf(document.contents, [])].map(placed),
  };
}

function unreadable({ line, col }: { line: number; col: number }, problem: string, instead: string): Yaml {
  return { value: undefined, issues: [{ path: [], line, column: col, problem, instead }], places: [] };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

type Found = Omit<YamlIssue, "line" | "column"> & { readonly offset: number };

function directiveIssues({ directives }: Document.Parsed): Found[] {
  const isVersion = directives?.yaml.explicit ?? false;
  return isVersion
    ? [{ path: [], offset: 0, problem: "names a version of YAML", instead: "remove the line that starts with %YAML" }]
    : [];
}

/** What Pulumi refuses in any place, and what ends a line to YAML 1.1 alone. */
const unlikeCharacter =
  /[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]|\r(?!\n)/u;

function characterIssues(text: string): Found[] {
  const { 0: character, index = 0 } = unlikeCharacter.exec(text) ?? {};
  const code = (character?.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const instead = "remove it, or write it as an escape in double quotes";
  return character === undefined ? [] : [{ path: [], offset: index, problem: `has the character U+${code}`, instead }];
}

/** An alias whose anchor is not there, or around it. */
function looseAlias(document: Document.Parsed): Alias | undefined {
  let loose: Alias | undefined;
  visit(document, {
    Alias(_key, alias, parents) {
      const isAround = parents.some((parent) => isNode(parent) && "anchor" in parent && parent.anchor === alias.source);
      if (!isAround && alias.resolve(document) !== undefined) return undefined;
      loose = alias;
      return visit.BREAK;
    },
  });
  return loose;
}

/** Where a node is: its keys, and the offset of its line where it has none itself. */
interface Place {
  readonly path: readonly string[];
  readonly offset: number;
}

/** Finds the issues of a node and of all within it. */
function* issuesOf(text: string, node: ParsedNode | null, { path, offset }: Place): Generator<Found> {
  const start = node?.range[0] ?? offset;
  const issue = node === null ? noValue : nodeIssue(text, node);
  if (issue) {
    yield { path, offset: start, ...issue };
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      yield* issuesOf(text, item, { path: [...path, String(index)], offset: start });
    }
  } else if (isMap(node)) {
    for (const { key, value } of node.items) {
      const inner = { path: [...path, isScalar(key) ? String(key.source) : "?"], offset: key.range[0] };
      const found = keyIssue(key);
      if (found) yield { ...inner, ...found };
      else yield* issuesOf(text, value, inner);
    }
  }
}

/** Lists where the keys and items within a node are. */
function* placesOf(node: ParsedNode | null, path: readonly string[]): Generator<Place> {
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      const inner = [...path, String(index)];
      yield { path: inner, offset: item.range[0] };
      yield* placesOf(item, inner);
    }
  } else if (isMap(node)) {
    for (const { key, value } of node.items) {
      const inner = [...path, isScalar(key) ? String(key.source) : "?"];
      yield { path: inner, offset: key.range[0] };
      yield* placesOf(value, inner);
    }
  }
}

/** What is wrong, and how to write it instead. */
type Reason = Pick<YamlIssue, "problem" | "instead">;

const noValue: Reason = { problem: "has no value", instead: "write one, or remove the key" };

function nodeIssue(text: string, node: ParsedNode): Reason | undefined {
  if (node.tag !== undefined) {
    return { problem: "has a tag", instead: "write the value alone, and text in quotes" };
  }
  if (!isScalar(node)) {
    return undefined;
  }
  if (node.type === Scalar.QUOTE_DOUBLE && halfCharacter.test(text.slice(node.range[0], node.range[1]))) {
    return { problem: "has half a character as an escape", instead: "write the character itself" };
  }
  return node.type === Scalar.PLAIN ? plainIssue(node.source) : undefined;
}

/** JSON's way to write a character beyond U+FFFF, as two escapes. */
const halfCharacter = /\\u[dD][89a-fA-F]/;

function keyIssue(key: ParsedNode): Reason | undefined {
  if (!isScalar(key) || key.tag !== undefined) {
    return { problem: "is a key that is no text", instead: "write the key as a word" };
  }
  // Pulumi merges by a key in quotes too.
  if (key.source === "<<") {
    return { problem: "is a merge to Pulumi, and a key to others", instead: "write out the keys that it stands for" };
  }
  const isText = key.type !== Scalar.PLAIN || (plainIssue(key.source) === undefined && typeof key.value === "string");
  return isText ? undefined : { problem: "is a key that may be no text", instead: "write the key in quotes" };
}

/** A number as JSON writes it, and with it every reader of YAML. */
const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** All that any reader of YAML takes for no value, true or false. */
const emptyWord = /^(|~|null)$/i;
const switchWord = /^(y|yes|on|true|n|no|off|false)$/i;

/**
 * All that any reader takes for a number, a time or a date: some more than that, and no address of IPv4. Pulumi leaves out every
 * underscore first, wherever it is.
 */
const oddities = [
  /^[-+]?\d*\.?\d*([eE][-+]?\d+)?$/,
  /^[-+]?0[xXoObB][-+]?[\da-fA-F]*$/,
  /^[-+]?\.(inf|nan)$/i,
  /^[-+]?\d+(:\d+)+(\.\d*)?$/,
  /^\d{4}-\d{1,2}-\d{1,2}([Tt\s].*)?$/,
  /^=$/,
];

function plainIssue(source: string): Reason | undefined {
  if (emptyWord.test(source)) {
    return noValue;
  }
  if (source === "true" || source === "false" || isPlainNumber(source)) {
    return undefined;
  }
  const quoted = `${describeValue(source)} in quotes`;
  if (switchWord.test(source)) {
    const meant = /^[yt]|^on$/i.test(source);
    return { problem: twoWays, instead: `write ${meant}, or ${quoted}` };
  }
  const digits = source.replaceAll("_", "");
  if (!oddities.some((oddity) => oddity.test(digits))) {
    return undefined;
  }
  const number = numberOf(digits);
  return { problem: twoWays, instead: isPlainNumber(number) ? `write ${number}, or ${quoted}` : `write ${quoted}` };
}

const twoWays = "can be read in two ways";

function isPlainNumber(source: string): boolean {
  const number = Number(source);
  // Beyond this, and for a zero with a sign, not even JSON's readers agree.
  return jsonNumber.test(source) && Math.abs(number) <= Number.MAX_SAFE_INTEGER && !Object.is(number, -0);
}

/** The number that Pulumi makes of an odd one without its underscores, as JSON writes it; NaN for none. */
function numberOf(odd: string): string {
  const [, sign = "", size = ""] = /^([-+]?)(.*)$/s.exec(odd.toLowerCase()) ?? [];
  const number = Number(size.replace(/^0(?=[0-7]+$)/, "0o"));
  return String(sign === "-" ? -number : number);
}
