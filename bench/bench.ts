import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { projectFolder } from "../cli/lib/project";
import { cleanUp, suiteFolder } from "../tests/support/e2e/world";
import { installTools } from "../tools/install";
import { pins } from "../tools/pins";
import { localGroups, type Toolbox } from "../tools/toolbox";
import { type Figure, writeBench } from "./figures";
import { inTurn, median, seconds, type TimedCommand } from "./measure";
import { deployPlain, deployProduction } from "./programs";

/** Timed runs of each preview, after one that warms up. */
const rounds = 7;

const transpile = ["-r", "ts-node/register/transpile-only"];

/**
 * Measures every figure but those of the long runs, in one run, and writes them into bench/results.md. Takes about as long as the
 * tests and five minutes.
 *
 * What is measured is written at once, so a run that ends early leaves what it has.
 */
export async function bench(): Promise<void> {
  const toolbox = await installTools(localGroups);
  const figures: Figure[] = [];
  try {
    for (const measure of [() => previews(toolbox), unitTests, fromNothing, tests]) {
      const measured = await measure();
      figures.push(...measured);
      for (const { what, measured: value } of measured) {
        console.log(`  ${what}: ${value}`);
      }
      await writeBench(report(figures));
    }
    console.log("\nwritten: bench/results.md");
  } finally {
    await cleanUp();
  }
}

/** Times previews and diff; takes about as long as two deploys of production. */
export async function previews(toolbox: Toolbox): Promise<Figure[]> {
  console.log("deploying stack prod, and a plain program with its objects");
  const plain = await deployPlain(toolbox);
  const production = await deployProduction(toolbox);
  console.log(`previews and kubectl diff: ${rounds} rounds of each, in turn`);
  const times = await inTurn(rounds, [plain.preview, production.preview, production.diff]);
  const [plainTime = Number.NaN, time = Number.NaN, diffTime = Number.NaN] = times.map(median);
  const memory = await peakMemory(production.preview, path.join(await suiteFolder("memory"), "notes.jsonl"));
  await production.stop();
  await plain.stop();
  const ratio = (one: number, other: number) =>
    `${(one / other).toFixed(2)} x (${one.toFixed(2)} s to ${other.toFixed(2)} s)`;
  return [
    {
      what: "`pulumi preview` of prod, nothing changed, to a plain Pulumi program that registers the same objects with no checks at all",
      measured: ratio(time, plainTime),
      reach: "<= 1.0 x",
    },
    { what: "the same, to `kubectl diff` of the same objects", measured: ratio(time, diffTime), reach: "<= 1.25 x" },
    { what: "peak memory of the program", measured: `${memory} MB`, reach: "<= 350 MB" },
  ];
}

/** The peak memory of the Node.js process that runs the program; MB. */
async function peakMemory(command: TimedCommand, file: string): Promise<number> {
  const hook = path.join(projectFolder, "bench/peakMemory.cjs");
  const env = { ...command.env, NODE_OPTIONS: `--require ${hook}`, DATASETS_SERVER_PEAK_MEMORY_FILE: file };
  await seconds({ ...command, env });
  const note = z.object({ argv: z.array(z.string()), maxRSS: z.number() });
  const notes = (await fs.readFile(file, "utf8")).trim().split("\n");
  const programs = notes
    .map((line) => note.parse(JSON.parse(line)))
    .filter(({ argv }) => argv.some((argument) => argument.includes("@pulumi/pulumi/cmd/run")));
  return Math.round(Math.max(...programs.map(({ maxRSS }) => maxRSS)) / 1024);
}

/** `make up` and `make down` in a workspace of its own: the user's own local cluster is left alone. */
async function fromNothing(): Promise<Figure[]> {
  console.log("make up, from nothing");
  const workspace = await fs.mkdtemp(path.join(os.tmpdir(), "datasets-server-bench-up-"));
  const cli = (command: string): TimedCommand => ({
    command: "node",
    args: [...transpile, "cli/main.ts", command, "--workspace", workspace],
    cwd: projectFolder,
    env: process.env,
  });
  try {
    const time = await seconds(cli("up"));
    return [
      {
        what: "`make up` from nothing to all pods ready, tools in place",
        measured: `${time.toFixed(0)} s`,
        reach: "<= 60 s",
      },
    ];
  } finally {
    await seconds(cli("down"));
  }
}

async function unitTests(): Promise<Figure[]> {
  const time = await make("unit");
  return [{ what: "`make unit`", measured: `${time.toFixed(1)} s`, reach: "<= 10 s" }];
}

async function tests(): Promise<Figure[]> {
  const time = await make("test");
  return [{ what: "`make test`, tools in place", measured: `${(time / 60).toFixed(1)} min`, reach: "<= 25 min" }];
}

/** Runs a make target; returns its wall time in seconds. */
function make(target: string): Promise<number> {
  console.log(`make ${target}`);
  return seconds({ command: "make", args: [target], cwd: projectFolder, env: process.env });
}

function report(figures: readonly Figure[]): string {
  const [cpu] = os.cpus();
  return [
    "# Figures",
    "",
    "Written by `make bench`, all in one run. Compare ratios; seconds are this machine's.",
    "",
    `${os.cpus().length} x ${cpu?.model ?? "unknown processor"}, Node.js ${process.versions.node}, Pulumi ${pins.pulumi}.`,
    `Previews and diff are medians of ${rounds}. All previews share one node_modules and run with plugin acquisition off.`,
    "Prod is at full size, and the kubeconfig of its cluster is known to it.",
    "",
    "| what | measured | reach |",
    "|---|---|---|",
    ...figures.map(({ what, measured, reach }) => `| ${what} | ${measured} | ${reach} |`),
    "",
  ].join("\n");
}
