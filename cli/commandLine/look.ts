import * as path from "node:path";
import type { Command } from "commander";
import { asJson, count, describe, type OnWorkspace, onStack, stackName } from "./shared";

interface DriftOptions {
  readonly out?: string;
  readonly json?: boolean;
}

/** Commands that look at a stack and change nothing. */
export function lookCommands(program: Command): void {
  const doctor = describe(onStack(program.command("doctor")), {
    group: "look",
    does: "check all that a deploy needs, and say what to do",
    examples: ["doctor prod", "doctor github"],
  })
    .option(...asJson)
    .action(async (stack: string, { workspace, json = false }: OnWorkspace & { json?: boolean }) => {
      const isWell = await (await import("../doctor")).doctor({ stack, workspace }, json);
      // Whatever did not answer in time may still be waited for.
      process.exit(isWell ? 0 : 1);
    });

  describe(doctor.command("github"), {
    group: "look",
    does: "check the settings on GitHub that roles of workflows rely on",
    examples: ["doctor github", "doctor github && git push"],
  })
    .option(...asJson)
    .action(async (_: object, command: Command) => {
      const { gitHubRepository } = await import("../lib/github");
      const repository = gitHubRepository(process.env, { use: "settings" });
      // The command above it has the option too, and takes it from the command line.
      const { json = false }: { json?: boolean } = command.optsWithGlobals();
      process.exit((await (await import("../doctor")).doctorGitHub(repository, json)) ? 0 : 1);
    });

  describe(onStack(program.command("drift")), {
    group: "look",
    does: "show what is not as it was deployed, and who changed it",
    examples: ["drift prod", "drift prod --out drift.md"],
  })
    .option("--out <file>", "write it to this file too, as Markdown")
    .option(...asJson)
    .action(async (stack: string, { workspace, json = false, ...options }: OnWorkspace & DriftOptions) => {
      const isClean = await (await import("../drift")).drift(workspace, stack, { ...options, json });
      process.exitCode = isClean ? 0 : 1;
    });

  describe(onStack(program.command("history")), {
    group: "look",
    does: "show who deployed what, when, from which commit",
    examples: ["history prod", "history prod --limit 5 --json"],
  })
    .option("--limit <number>", "how many updates, the latest first", count, 20)
    .option(...asJson)
    .action(async (stack: string, options: OnWorkspace & { limit: number; json?: boolean }) => {
      const { workspace, limit, json = false } = options;
      await (await import("../history")).history(workspace, stack, { limit, json });
    });

  describe(onStack(program.command("smoke")), {
    group: "look",
    does: "check that pods and public paths are as deployed",
    examples: ["smoke prod", "smoke ephemeral"],
  }).action(async (stack: string, { workspace }: OnWorkspace) => (await import("../smoke")).smoke(workspace, stack));

  describe(program.command("explain"), {
    group: "look",
    does: "show a variable or key: values, where set, what restarts",
    examples: ["explain WORKER_SLEEP_SECONDS", "explain services.api.replicas"],
  })
    .argument("<VARIABLE|KEY>", "a variable of the application, or a key of a stack file")
    .action(async (name: string) => (await import("../explain")).explain(name));

  describe(program.command("render"), {
    group: "look",
    does: "write every object as YAML; needs no cluster and no tool",
    examples: ["render prod", "render ephemeral --out /tmp/ephemeral"],
  })
    .argument("<STACK>", "the stack", stackName)
    .option("--out <folder>", "where to write; default: rendered/STACK")
    .action(async (stack: string, { out }: { out?: string }) => {
      const folder = path.resolve(out || path.join("rendered", stack));
      const files = await (await import("../render")).render(stack, folder);
      console.log(`${files.length} objects of stack ${stack} in ${folder}`);
    });

  describe(program.command("map"), {
    group: "look",
    does: "draw who talks to whom as SVG; needs no cluster and no tool",
    examples: ["map prod", "map pr-7 --out /tmp/pr-7.svg"],
  })
    .argument("<STACK>", "the stack", stackName)
    .option("--out <file>", "where to write; default: rendered/STACK.svg")
    .action(async (stack: string, { out }: { out?: string }) => {
      const file = path.resolve(out || path.join("rendered", `${stack}.svg`));
      await (await import("../map")).writeMap(stack, file);
      console.log(file);
    });

  describe(program.command("access"), {
    group: "look",
    does: "write what an administrator applies for people and CI",
    examples: ["access prod", "access ephemeral --repository huggingface/datasets-server-deploy"],
  })
    .argument("<STACK>", "the stack, on EKS", stackName)
    .option("--out <folder>", "where to write; default: access/STACK")
    .option("--repository <name>", "the one on GitHub, as OWNER/REPOSITORY, whose workflows may assume roles")
    .action(async (stack: string, { out, repository }: { out?: string; repository?: string }) => {
      const folder = path.resolve(out || path.join("access", stack));
      await (await import("../access")).writeAccess(stack, folder, repository);
    });
}
