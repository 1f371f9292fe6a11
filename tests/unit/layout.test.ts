import * as assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import ts from "typescript";
import { projectFolder } from "../../cli/lib/project";

/** What each folder may import from, beside itself: arrows point one way, from what runs to what is. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  catalog: [],
  network: [],
  policy: ["catalog"],
  components: ["catalog"],
  cluster: ["catalog", "network"],
  safety: ["catalog", "policy", "components", "cluster"],
  config: ["catalog", "policy", "components", "cluster", "safety"],
  "index.ts": ["catalog", "components", "cluster", "safety", "config"],
  tools: ["network"],
  cli: ["catalog", "network", "policy", "components", "cluster", "safety", "config", "tools"],
  bench: ["catalog", "policy", "components", "cluster", "safety", "config", "tools", "cli", "tests"],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

describe("the layout", () => {
  const imports = Object.keys(allowed).flatMap(filesOf).flatMap(importsOf);

  it("has imports point one way: from commands to configuration, safety and components, and from these to the catalog", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [here, there] = [room(from), room(to)];
      return here !== there && !allowed[here]?.includes(there);
    });
    assert.deepEqual(wrong, []);
  });

  it("has cli/aws import nothing else of the commands, as most of them import it", () => {
    const wrong = imports.filter(
      ({ from, to }) => from.startsWith("cli/aws/") && to.startsWith("cli/") && !to.startsWith("cli/aws/"),
    );
    assert.deepEqual(wrong, []);
  });

  it("has no cycle of files", () => {
    const targets = new Map<string, string[]>();
    for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
    assert.deepEqual(cycle(targets), []);
  });
});

function room(file: string): string {
  return file.split("/")[0] ?? "";
}

function filesOf(folder: string): string[] {
  if (folder.endsWith(".ts")) return [folder];
  const names = readdirSync(path.join(projectFolder, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts")).map((name) => `${folder}/${name}`);
}

/** The files of the project that a file imports, at its top or when it needs them. Imports of types count too. */
function importsOf(from: string): Import[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(path.join(projectFolder, from), "utf8"));
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith("."))
    .map(({ fileName }) => path.posix.join(path.posix.dirname(from), fileName))
    .flatMap((target) =>
      [`${target}.ts`, `${target}/index.ts`].filter((file) => existsSync(path.join(projectFolder, file))),
    )
    .map((to) => ({ from, to }));
}

/** A cycle, as the files on it; none: an empty list. */
function cycle(targets: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): string[] => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const target of targets.get(file) ?? []) {
      const found = visit(target, [...trail, file]);
      if (found.length > 0) return found;
    }
    done.add(file);
    return [];
  };
  for (const file of targets.keys()) {
    const found = visit(file, []);
    if (found.length > 0) return found;
  }
  return [];
}
