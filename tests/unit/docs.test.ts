import * as assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { createProgram } from "../../cli/commandLine";
import { projectFolder } from "../../cli/lib/project";

interface Page {
  /** Relative to the project's folder. */
  readonly file: string;
  /** The text without fenced blocks and code spans. */
  readonly prose: string;
  /** Code spans, and lines of fenced blocks. */
  readonly code: readonly string[];
}

/** A fenced block; its text is the first group. */
const fence = /^ *```.*\n([\s\S]*?)^ *```$/gm;

const ignored = readFileSync(path.join(projectFolder, ".gitignore"), "utf8").replaceAll("/", "").split("\n");
const ownFolders = readdirSync(projectFolder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== ".git" && !ignored.includes(entry.name))
  .map(({ name }) => name);
const fileNames = new Set(
  ownFolders.flatMap((folder) =>
    readdirSync(path.join(projectFolder, folder), { recursive: true, encoding: "utf8" }).map((name) =>
      path.basename(name),
    ),
  ),
);

// Comments that tests/expected keeps are no documents: their links are those of a pull request.
const folders = ownFolders.filter((folder) => folder !== "tests");
const pages = [
  ...readdirSync(projectFolder),
  ...folders.flatMap((folder) =>
    readdirSync(path.join(projectFolder, folder), { recursive: true, encoding: "utf8" }).map((name) =>
      path.posix.join(folder, name.replaceAll(path.sep, "/")),
    ),
  ),
]
  .filter((file) => file.endsWith(".md") && !ignored.includes(file))
  .map(readPage);
/** Words that documents do not use, as patterns, and the field's own in their place. */
const words: Readonly<Record<string, string>> = {
  anew: "again, or recreate",
  besides: "also",
  "for ever": "forever",
  "mend(s|ed|ing)?": "fix",
  "somebody|anybody|nobody|everybody|whoever": "who it is, or no one, anyone, everyone",
  "engine(s)?": "Pulumi",
  "ways? in|entrances?": "ingress, or endpoint",
  "take-over": "adopt, adoption",
  "refusals?": "error",
  rights: "permissions",
  "losses|fate": "deletions and replacements",
  tenancy: "namespace",
  announceHost: "externalDns",
  "tak(e|es|en) on a role": "assume a role",
  leftovers: "orphans",
  overhear: "tee",
  "fence(s|d)?": "admission policy",
  telltale: "verbose log",
  "nothing was touched": "no changes were made",
};

// The changelog names what once was.
const current = pages.filter(({ file }) => file !== "CHANGELOG.md");

describe("The documentation", () => {
  it("links only to files and headings that exist", () => {
    const broken = pages.flatMap(({ file, prose }) =>
      linksOf(prose)
        .filter((link) => {
          const [target = "", anchor] = link.split("#");
          const linked = target === "" ? file : path.posix.join(path.posix.dirname(file), target);
          if (!existsSync(path.join(projectFolder, linked))) return true;
          return (
            anchor !== undefined && !anchorsOf(readFileSync(path.join(projectFolder, linked), "utf8")).includes(anchor)
          );
        })
        .map((link) => `${file}: ${link}`),
    );
    assert.deepEqual(broken, []);
  });

  it("has each page and heading that messages of the program send people to", () => {
    const sources = folders.flatMap((folder) =>
      readdirSync(path.join(projectFolder, folder), { recursive: true, encoding: "utf8" })
        .map((name) => path.posix.join(folder, name.replaceAll(path.sep, "/")))
        .filter((file) => file.endsWith(".ts")),
    );
    const absent = sources.flatMap((file) => {
      const text = readFileSync(path.join(projectFolder, file), "utf8");
      return [...text.matchAll(/\b(docs\/[\w/-]+\.md)(?:#([\w.-]+))?/g)]
        .filter(([, page = "", anchor]) => {
          const target = path.join(projectFolder, page);
          if (!existsSync(target)) return true;
          return anchor !== undefined && !anchorsOf(readFileSync(target, "utf8")).includes(anchor);
        })
        .map(([named]) => `${file}: ${named}`);
    });
    assert.deepEqual(absent, []);
  });

  it("is found from its index", () => {
    const index = pages.find(({ file }) => file === "docs/README.md")?.prose ?? "";
    const linked = linksOf(index).map((link) => path.posix.join("docs", link));
    const documents = pages.map(({ file }) => file).filter((file) => /^docs\/(?!decisions\/|README)/.test(file));
    assert.deepEqual(
      documents.filter((file) => !linked.includes(file)),
      [],
    );
  });

  it("is checked with its images, links that stand in HTML, and headings of the same words", () => {
    assert.deepEqual(linksOf('[a](b.md#c) ![d](e.svg) <img src="f.svg"> <https://g> [h](https://i) [j](mailto:k)'), [
      "b.md#c",
      "e.svg",
      "f.svg",
    ]);
    assert.deepEqual(anchorsOf("# A `ds` page\n\n```\n# no heading\n```\n\n## Again\n\n## Again\n"), [
      "a-ds-page",
      "again",
      "again-1",
    ]);
  });

  it("has the field's own words, and names places by links", () => {
    // What is for Pulumi's own people has Pulumi's own words.
    const ours = [
      ...current.filter(({ file }) => file !== "docs/upstream.md"),
      { file: "ds --help", prose: helpOf(createProgram()) },
    ];
    const found = ours.flatMap(({ file, prose }) =>
      Object.entries(words)
        .filter(([word]) => new RegExp(`\\b(${word})\\b`, "i").test(prose.replace(/"[^"\n]*"/g, "")))
        .map(([word, instead]) => `${file}: ${word}: write ${instead}`),
    );
    assert.deepEqual(found, []);
    const runbook = pages.find(({ file }) => file === "docs/runbook.md")?.prose ?? "";
    assert.deepEqual(runbook.match(/\b(above|below)\b/gi) ?? [], []);
  });

  it("names only files of this repository that exist", () => {
    const absent = current.flatMap(({ file, code }) =>
      code.filter((text) => looksLikeAFile(text) && !existsAsNamed(text)).map((text) => `${file}: ${text}`),
    );
    assert.deepEqual(absent, []);
  });

  it("shows only commands and options that ds has", () => {
    const wrong = current.flatMap(({ file, code }) =>
      code.flatMap(commandsOf).flatMap((command) => {
        const issue = issueOf(command);
        return issue === undefined ? [] : [`${file}: ds ${command}: ${issue}`];
      }),
    );
    assert.deepEqual(wrong, []);
  });

  it("shows only targets that make has", () => {
    const makefile = readFileSync(path.join(projectFolder, "Makefile"), "utf8");
    const targets = [...makefile.matchAll(/^([a-z0-9-]+):.*## /gm)].map(([, target]) => target);
    const wrong = current.flatMap(({ file, code }) =>
      code
        .flatMap((text) => [...text.matchAll(/\bmake ([a-z][a-z0-9-]*)/g)])
        .filter(([, target]) => !targets.includes(target))
        .map(([command]) => `${file}: ${command}`),
    );
    assert.deepEqual(wrong, []);
  });

  it("names only keys that a stack file may have", () => {
    const schema: Schema = JSON.parse(readFileSync(path.join(projectFolder, "config/stack.schema.json"), "utf8"));
    const absent = current.flatMap(({ file, code }) =>
      code
        .flatMap(keysOf)
        .filter((key) => !hasKey(schema, ["config", ...key]))
        .map((key) => `${file}: ${key.join(".")}`),
    );
    assert.deepEqual(absent, []);
  });
});

function readPage(file: string): Page {
  const text = readFileSync(path.join(projectFolder, file), "utf8");
  const blocks = [...text.matchAll(fence)].flatMap(([, block = ""]) => block.split("\n"));
  const outside = text.replace(fence, "");
  const span = /`([^`]+)`/g;
  const spans = [...outside.matchAll(span)].map(([, code = ""]) => code.replace(/\s+/g, " "));
  return { file, prose: outside.replace(span, ""), code: [...blocks, ...spans] };
}

/** The links of a text to files and headings of this repository. */
function linksOf(prose: string): string[] {
  const found = prose.matchAll(/(?:\]\(|\b(?:src|srcset|href)=")(?![a-z]+:)([^)\s"]+)/g);
  return [...found].map(([, link = ""]) => link);
}

/** The anchors of a text: those that it sets, and those that GitHub gives its headings. */
function anchorsOf(text: string): string[] {
  const outside = text.replace(fence, "");
  const set = [...outside.matchAll(/<a id="([^"]+)">/g)].map(([, id = ""]) => id);
  const headings = [...outside.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
  const numbered = headings.map((anchor, at) => {
    const earlier = headings.slice(0, at).filter((other) => other === anchor).length;
    return earlier === 0 ? anchor : `${anchor}-${earlier}`;
  });
  return [...set, ...numbered];
}

/** Whether a text is a path of this repository: it begins with one of its folders, or ends as its sources do. */
function looksLikeAFile(text: string): boolean {
  if (!/^\.?[\w-][\w./-]*$/.test(text)) return false;
  const [first = "", second] = text.split("/");
  if (second === undefined) return /\.(ts|cjs)$/.test(text);
  return /\.(ts|cjs|go|json|ya?ml|md)$/.test(text) || ownFolders.includes(first);
}
/** Whether a path exists; of a file that is named without its folder, somewhere. */
function existsAsNamed(text: string): boolean {
  return existsSync(path.join(projectFolder, text)) || (!text.includes("/") && fileNames.has(text));
}

/** What follows `ds` in a text, up to what another program reads. */
function commandsOf(text: string): string[] {
  return [...text.matchAll(/(?<![\w./-])(?:\.\/)?ds ([a-z-][^#|;)]*)/g)].map(([, command = ""]) => {
    const [own = ""] = command.split(/ {2,}| -- | --$/);
    return own.trim();
  });
}

/** The help of a command and of all commands that it has. */
function helpOf(command: Command): string {
  return [command.helpInformation(), ...command.commands.map(helpOf)].join("\n");
}

/** What is wrong with a command line of ds. */
function issueOf(line: string): string | undefined {
  const words = line.match(/"[^"]*"|\S+/g) ?? [];
  let command: Command = createProgram();
  let given = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--help") continue;
    if (word.startsWith("-")) {
      const [flag = "", value] = word.split("=");
      const option = command.options.find(({ long, short }) => flag === long || flag === short);
      if (option === undefined) return `no option ${flag}`;
      if ((option.required || option.optional) && value === undefined) at++;
      continue;
    }
    const below = command.commands.find((one) => one.name() === word);
    if (below !== undefined) command = below;
    else if (command.registeredArguments.length === 0) return `no command or argument ${word}`;
    else given++;
  }
  const variadic = command.registeredArguments.some((argument) => argument.variadic);
  return given > command.registeredArguments.length && !variadic ? "too many arguments" : undefined;
}

/** The part of a JSON Schema that tells which keys there may be. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

const prefix = "datasets-server:";

/** The keys of a stack file that a text names: what `config set` sets, or a path such as `images.tag`. */
function keysOf(text: string): string[][] {
  const set = [...text.matchAll(/config set .*?datasets-server:([a-z][\w.[\]]*)/g)].map(([, key = ""]) => key);
  const named = /^(cluster|images|ingress|migration|namespace|network|pullRequest)(\.[a-zA-Z]+)+$/.test(text)
    ? [text]
    : [];
  return [...set, ...named].map((key) => `${prefix}${key}`.split(/[.[\]]+/).filter((part) => part !== ""));
}

function hasKey(schema: Schema, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true;
  if (schema.anyOf?.some((one) => hasKey(one, [first, ...rest]))) return true;
  const others = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  const below = schema.properties?.[first] ?? others ?? (/^\d+$/.test(first) ? schema.items : undefined);
  return below !== undefined && hasKey(below, rest);
}
