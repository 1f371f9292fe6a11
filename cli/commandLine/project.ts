import { Argument, type Command } from "commander";
import { localGroups, type ToolGroup, toolGroups } from "../../tools/toolbox";
import { completionScript, type Shell, shells } from "./completion";
import { describe, type OnWorkspace, workspaceOption } from "./shared";

/** Commands for those who work on the project itself. */
export function projectCommands(program: Command): void {
  describe(program.command("generate"), {
    group: "project",
    does: "write golden files, schema and generated docs, for review",
    examples: ["generate", "generate && git diff"],
  }).action(async () => (await import("../generate")).generate());

  toolCommands(program);

  describe(program.command("completion"), {
    group: "project",
    does: "print completion for bash, zsh or fish",
    examples: [
      'completion bash  # in ~/.bashrc: eval "$(ds completion bash)"',
      "completion fish > ~/.config/fish/completions/ds.fish",
    ],
  })
    .addArgument(new Argument("<SHELL>", "the shell").choices(shells))
    .addHelpText("after", '\nzsh, in ~/.zshrc after compinit: eval "$(ds completion zsh)"')
    .action((shell: Shell) => console.log(completionScript(shell, program)));
}

function toolCommands(program: Command): void {
  const tools = describe(program.command("tools"), {
    group: "project",
    does: "install the pinned tools; check workflows; run the cluster",
    examples: ["tools install", "tools cluster status"],
  });

  describe(tools.command("install"), {
    group: "project",
    does: "install the tools of some groups where they are missing",
    examples: ["tools install", "tools install deploy eks"],
  })
    .addArgument(new Argument("[GROUP...]", "who needs them; default: those of a local run").choices(toolGroups))
    .action(async (named: readonly ToolGroup[] = []) => {
      const groups = named.length > 0 ? named : localGroups;
      await (await import("../../tools/install")).installTools(groups);
      console.log(`all tools are in place: ${groups.join(", ")}`);
    });

  describe(tools.command("checksums"), {
    group: "project",
    does: "write tools/checksums.json, where releases are reachable",
    examples: ["tools checksums", "tools checksums && git diff tools/checksums.json"],
  }).action(async () => (await import("../../tools/writeChecksums")).writeChecksums());

  describe(tools.command("verify"), {
    group: "project",
    does: "compare installed tools with tools/checksums.json",
    examples: ["tools verify", "tools verify deploy eks"],
  })
    .addArgument(new Argument("[GROUP...]", "which tools; default: those of a local run").choices(toolGroups))
    .action(async (named: readonly ToolGroup[] = []) => {
      const { unverifiedTools } = await import("../../tools/verify");
      const unverified = await unverifiedTools(named.length > 0 ? named : localGroups);
      for (const { name, why } of unverified) console.log(`${name}: ${why}`);
      if (unverified.length === 0) console.log("every tool is the one that its project released");
      process.exitCode = unverified.length > 0 ? 1 : 0;
    });

  describe(tools.command("lint-workflows"), {
    group: "project",
    does: "check .github with actionlint and zizmor",
    examples: ["tools lint-workflows", "tools lint-workflows && git push"],
  }).action(async () => {
    const { installTools } = await import("../../tools/install");
    const { run } = await import("../../tools/run");
    const { projectFolder } = await import("../lib/project");
    const { actionlint, zizmor } = await installTools(["check"]);
    const options = { cwd: projectFolder, stdio: "inherit" } as const;
    // What else it would run where that lies on PATH is not pinned.
    const syntax = await run(actionlint, ["-shellcheck=", "-pyflakes="], options);
    // Offline, so that it finds the same today and tomorrow.
    const security = await run(zizmor, ["--offline", "--no-progress", "--quiet", ".github"], options);
    process.exitCode = Math.max(syntax.code, security.code);
  });

  const cluster = describe(tools.command("cluster"), {
    group: "project",
    does: "the local Kubernetes cluster of a workspace",
    examples: ["tools cluster up", "tools cluster status"],
  });

  describe(cluster.command("up").addOption(workspaceOption()), {
    group: "project",
    does: "start it; one that is broken is replaced",
    examples: ["tools cluster up", "tools cluster up --workspace /tmp/cluster"],
  }).action(async ({ workspace }: OnWorkspace) => {
    const { startCluster } = await import("../../tools/cluster");
    await startCluster((await import("../../tools/install")).findTools(localGroups), workspace);
  });

  describe(cluster.command("down").addOption(workspaceOption()), {
    group: "project",
    does: "stop it and remove all its files",
    examples: ["tools cluster down", "tools cluster down --workspace /tmp/cluster"],
  }).action(async ({ workspace }: OnWorkspace) => {
    const { stopCluster } = await import("../../tools/cluster");
    await stopCluster((await import("../../tools/install")).findTools(localGroups), workspace);
  });

  describe(cluster.command("status").addOption(workspaceOption()), {
    group: "project",
    does: "print absent, stopped, unhealthy, slow or running",
    examples: ["tools cluster status", "tools cluster status --workspace /tmp/cluster"],
  }).action(async ({ workspace }: OnWorkspace) => {
    const { clusterStatus } = await import("../../tools/cluster");
    console.log(await clusterStatus((await import("../../tools/install")).findTools(localGroups), workspace));
  });
}
