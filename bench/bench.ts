import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { projectFolder } from "../commands/program";
import { cleanUp, suiteFolder } from "../tests/support/e2e/world";
import { installTools } from "../tools/install";
import { pins } from "../tools/pins";
import { run } from "../tools/run";
import { localGroups, type Toolbox } from "../tools/toolbox";
import { type Figure, writeBench } from "./figures";
import { inTurn, median, seconds, type TimedCommand } from "./measure";
import { deployProduction, emptyProgram } from "./programs";
import { scanners } from "./scanners";

/** Timed runs of each preview, after one that warms up. */
const rounds = 7;

const transpile = ["-r", "ts-node/register/transpile-only"];

/**
 * Measures every figure but those of the long runs, in one run, and writes them into bench/results.md. Takes about as long as the tests and four minutes.
 *
 * What is measured is written at once, so a run that ends early leaves what it has.
 */
export async function bench(): Promise<void> {
  const toolbox = await installTools(localGroups);
  const figures: Figure[] = [];
  try {
    for (const measure of [() => previews(toolbox), registration, scanners, fromNothing, tests]) {
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

async function previews(toolbox: Toolbox): Promise<Figure[]> {
  console.log("deploying stack prod");
  const empty = await emptyProgram(toolbox);
  const { preview, previewWithLookup, diff, stop } = await deployProduction(toolbox);
  console.log(`previews and kubectl diff: ${rounds} rounds of each, in turn`);
  const times = await inTurn(rounds, [empty, preview, previewWithLookup, diff]);
  const [base = Number.NaN, time = Number.NaN, lookupTime = Number.NaN, diffTime = Number.NaN] = times.map(median);
  const memory = await peakMemory(preview, path.join(await suiteFolder("memory"), "notes.jsonl"));
  await stop();
  const ratio = (one: number, other: number) =>
    `${(one / other).toFixed(2)} x (${one.toFixed(2)} s to ${other.toFixed(2)} s)`;
  return [
    {
      what: "`pulumi preview` of prod, nothing changed, to that of an empty TypeScript program",
      measured: ratio(time, base),
      reach: "<= 2.0 x",
    },
    {
      what: "the same with the lookup of its cluster, through the stand-in for AWS",
      measured: ratio(lookupTime, base),
      reach: "<= 2.5 x",
    },
    {
      what: "`pulumi preview` of prod to `kubectl diff` of the same objects",
      measured: ratio(time, diffTime),
      reach: "<= 1.0 x",
    },
    { what: "peak memory of the program's process in that preview", measured: `${memory} MB`, reach: "<= 350 MB" },
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

async function registration(): Promise<Figure[]> {
  console.log("start to last registration, under mocks");
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { stdout } = await run("node", [...transpile, "bench/registration.ts"], { cwd: projectFolder });
    times.push(Number(stdout) / 1000);
  }
  return [
    {
      what: "loading the program, under mocks and with the engine's SDK loaded, to the last registration of prod",
      measured: `${median(times).toFixed(2)} s (median of ${rounds})`,
      reach: "<= 1.0 s",
    },
  ];
}

/** `make up` and `make down` in a workspace of its own: the user's own local cluster is left alone. */
async function fromNothing(): Promise<Figure[]> {
  console.log("make up, from nothing");
  const workspace = await fs.mkdtemp(path.join(os.tmpdir(), "datasets-server-bench-up-"));
  const cli = (command: string): TimedCommand => ({
    command: "node",
    args: [...transpile, "commands/cli.ts", command, "--workspace", workspace],
    cwd: projectFolder,
    env: process.env,
  });
  try {
    const time = await seconds(cli("up"));
    return [
      {
        what: "`make up` from nothing to all pods ready, tools in place",
        measured: `${time.toFixed(0)} s`,
        reach: "<= 90 s",
      },
    ];
  } finally {
    await seconds(cli("down"));
  }
}

async function tests(): Promise<Figure[]> {
  console.log("make test");
  const time = await seconds({ command: "make", args: ["test"], cwd: projectFolder, env: process.env });
  return [
    {
      what: "`make test`, tools in place",
      measured: `${(time / 60).toFixed(1)} min`,
      reach: "<= 15 min",
    },
  ];
}

function report(figures: readonly Figure[]): string {
  const [cpu] = os.cpus();
  return [
    "# Figures",
    "",
    "Written by `make bench`, all in one run. Compare ratios; seconds are this machine's.",
    "",
    `${os.cpus().length} x ${cpu?.model ?? "unknown processor"}, Node.js ${process.versions.node}, engine ${pins.pulumi}.`,
    `Previews and diff are medians of ${rounds}. All previews share one node_modules and run with plugin acquisition off and no`,
    "policy pack. Prod is at full size; but for the row that says so, the kubeconfig of its cluster is known to it.",
    "",
    "| what | measured | reach |",
    "|---|---|---|",
    ...figures.map(({ what, measured, reach }) => `| ${what} | ${measured} | ${reach} |`),
    "",
  ].join("\n");
}
