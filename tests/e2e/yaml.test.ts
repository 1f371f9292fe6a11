import assert from "node:assert/strict";
import fs from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { z } from "zod";
import { readStack } from "../../cli/lib/stackFile";
import { parseJson } from "../../config/parse";
import { parseStackFile } from "../../config/stackFile";
import { findTools } from "../../tools/install";
import { run } from "../../tools/run";
import { engineEnvironment } from "../../tools/workspace";
import type { Engine } from "../support/e2e/engine";
import { newEngine, suiteFolder } from "../support/e2e/world";
import { plainScalar } from "../support/yaml";

const printedConfig = z.record(z.string(), z.object({ value: z.string() }));

/** Texts of more than one line, quoted ones, and what else a file may be made of. */
const documents: Readonly<Record<string, string>> = {
  "quoted scalars": `config:\n  datasets-server:a: {b: "010", c: '5_000', d: "\\u00e9\\t\\"", e: 'it''s', f: ""}\n`,
  "keys of the project without its name": "config:\n  standby: true\n  datasets-server:config:helm: {release: prod}\n",
  "block scalars":
    "config:\n  datasets-server:a: |\n    one\n      two\n\n  datasets-server:b: >-\n    one\n    two\n\n    three\n",
  "scalars of several lines":
    'config:\n  datasets-server:a: [one\n    two, "three\n    four"]\n  datasets-server:b: one\n    two\n',
  "lines that end as on Windows":
    'config:\r\n  datasets-server:a: |\r\n    one\r\n    two\r\n  datasets-server:b: "x\r\n    y"\r\n',
  "a byte order mark, comments and an end": "\ufeff--- # start\nconfig: # all\n  datasets-server:a: b#c # d\n...\n",
  "anchors and aliases": "config:\n  datasets-server:a: &a {b: [1, 2]}\n  datasets-server:c: {d: *a}\n",
  "maps and lists in lines":
    'config: {"datasets-server:a": [{b: 1}, [2, "x"]], datasets-server:b: {}, datasets-server:c: []}\n',
  "characters beyond ASCII": "config:\n  datasets-server:a: {b: déjà vu, c: 数, d: 🤗, 'e f': x}\n",
};

describe("YAML, as Pulumi reads it", () => {
  let folder: string;

  before(async () => {
    folder = await suiteFolder("yaml");
    await fs.writeFile(path.join(folder, "Pulumi.yaml"), "name: datasets-server\nruntime: nodejs\n");
    await pulumi("stack", "init", "--non-interactive");
  });

  async function pulumi(...args: string[]): Promise<string> {
    const toolbox = findTools(["deploy"]);
    const env = engineEnvironment(toolbox, path.join(folder, "workspace"));
    const { code, stdout, stderr } = await run(toolbox.pulumi, [...args, "--stack", "dev"], { cwd: folder, env });
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** Asserts that Pulumi and we read the same from a text that we accept. */
  async function assertReadAlike(text: string): Promise<void> {
    const { texts, issues } = parseStackFile(Buffer.from(text), "Pulumi.dev.yaml").config;
    assert.deepEqual(issues, []);
    await fs.writeFile(path.join(folder, "Pulumi.dev.yaml"), text);
    const printed = printedConfig.parse(JSON.parse(await pulumi("config", "--json", "--non-interactive")));
    const theirs = Object.entries(printed).map(([key, { value }]) => [key, value]);
    const [read, ours] = [jsonOf(Object.fromEntries(theirs)), jsonOf(texts)];
    const keys = Object.keys({ ...read, ...ours }).filter((key) => !isDeepStrictEqual(read[key], ours[key]));
    assert.deepEqual(
      keys.map((key) => ({ key, pulumi: read[key], ours: ours[key] })),
      [],
    );
  }

  it("is what we read, for every scalar that is accepted", async () => {
    const seed = Number(process.env.SEED) || Date.now();
    const scalars = fc.sample(plainScalar, { numRuns: 5000, seed });
    const lines = [...new Set(scalars)].map(
      (scalar, index) => `  datasets-server:key${index}: {in: ${scalar}, list: [1]}`,
    );
    const others = [...new Set(scalars)].map((scalar, index) => `  datasets-server:top${index}: ${scalar}`);
    const isAccepted = (line: string) =>
      parseStackFile(Buffer.from(`config:\n${line}\n`), "Pulumi.dev.yaml").config.issues.length === 0;
    const accepted = [...lines, ...others].filter(isAccepted);
    assert.ok(accepted.length > 1000, `only ${accepted.length} are accepted (SEED=${seed})`);
    await assertReadAlike(`config:\n${accepted.join("\n")}\n`);
  });

  for (const [name, text] of Object.entries(documents)) {
    it(`is what we read, for ${name}`, () => assertReadAlike(text));
  }
});

describe("a stack file that can be read in two ways, or not at all", () => {
  let engine: Engine;
  let file: string;
  let text: string;

  before(async () => {
    engine = await newEngine("local", await suiteFolder("two-ways"));
    file = path.join(engine.folder, "Pulumi.local.yaml");
    text = await fs.readFile(file, "utf8");
  });

  async function preview(...flags: string[]): Promise<string> {
    const { code, stdout, stderr } = await engine.preview(...flags);
    assert.notEqual(code, 0, stdout);
    return stdout + stderr;
  }

  function lineOf(needle: string): number {
    return text.slice(0, text.indexOf(needle)).split("\n").length;
  }

  it("is refused by a preview as by every command, with its keys, lines and how to write them", async () => {
    const changed = text
      .replace("replicas: 2\n", "replicas: 010\n")
      .replace(
        "PARQUET_AND_INFO_MAX_DATASET_SIZE_BYTES: 100000000",
        "PARQUET_AND_INFO_MAX_DATASET_SIZE_BYTES: 5_000_000",
      )
      .replace("{heavy: 50, medium: 150}", "{<<: {light: 1}, heavy: 50}");
    await fs.writeFile(file, changed);
    const at = (needle: string, column: number) => `Pulumi.local.yaml:${lineOf(needle)}:${column}`;
    const says = [
      "the configuration of stack local has 3 issues; no changes were made:",
      `${at("PARQUET_AND_INFO_MAX_DATASET_SIZE_BYTES", 46)}: datasets-server:env.PARQUET_AND_INFO_MAX_DATASET_SIZE_BYTES: can be read in two ways; write 5000000, or "5_000_000" in quotes`,
      `${at("replicas: 2\n", 17)}: datasets-server:services.api.replicas: can be read in two ways; write 8, or "010" in quotes`,
      `${at("{heavy: 50", 22)}: datasets-server:workers.heavy.autoscaling.jobsPerPod."<<": is a merge to Pulumi, and a key to others; write out the keys that it stands for`,
    ];
    assert.throws(
      () => readStack("local", file),
      ({ message }: Error) => message.startsWith(says.join("\n  ")),
    );
    const said = await preview();
    for (const part of says) assert.ok(said.includes(part), `${part}\nis not in\n${said}`);
  });

  it("is refused for a pull request too, whose file is that of its cluster", async () => {
    await fs.writeFile(file, text.replace("replicas: 2\n", "replicas: 010\n"));
    const environment = engine.forStack("pr-7");
    await environment.init();
    const { code, stdout } = await environment.preview("--config-file", "Pulumi.local.yaml");
    assert.notEqual(code, 0);
    assert.match(
      stdout,
      /Pulumi\.local\.yaml:\d+:\d+: datasets-server:services\.api\.replicas: can be read in two ways; write 8, or "010"/,
    );
  });

  it("stands in nobody's way while another file is in use", async () => {
    await fs.writeFile(
      path.join(engine.folder, "Pulumi.good.yaml"),
      text.replace("LOG_LEVEL: DEBUG", "LOG_LEVEL: INFO"),
    );
    await fs.writeFile(file, text.replace("replicas: 2\n", "replicas: 010\n"));
    const said = await preview("--config-file", "Pulumi.good.yaml");
    assert.match(said, /the local cluster is not there/);
    assert.doesNotMatch(said, /two ways/);
  });

  it("is refused by a preview where it is empty", async () => {
    await fs.writeFile(file, "");
    const said = await preview();
    // Pulumi has written its salt into the file before the program starts.
    assert.match(said, /stack local has 1 issue; no changes were made:\n +Pulumi\.local\.yaml: has no map config:/);
  });
});

/** Each text as the program takes it: the value of its JSON, where it is some. */
function jsonOf(texts: Readonly<Record<string, string>>): Record<string, unknown> {
  const entries = Object.entries(texts).map(([key, text]) => [key, parseJson(text)]);
  return Object.fromEntries(entries);
}
