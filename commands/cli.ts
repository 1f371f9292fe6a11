import * as path from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { identifyStack, stackKinds } from "../config/stacks";
import { useProxies } from "../network/proxies";
import { defaultWorkspace } from "../tools/workspace";
import { type RawInput, type Target, targets } from "./environments/input";

interface Workspace {
  readonly workspace: string;
}

interface OnStack extends Workspace {
  readonly stack: string;
}

interface ReviewOptions extends Workspace {
  readonly out: string;
  readonly link?: string;
}

/** The folder that holds everything a local run writes. */
function workspace(): Option {
  return new Option("--workspace <folder>", "everything a local run writes").default(defaultWorkspace);
}

/** A stack's name, or an error that lists the allowed. */
function stackName(name: string): string {
  if (identifyStack(name) === undefined) {
    throw new InvalidArgumentError(`there is no stack ${name}; allowed: ${stackKinds.join(", ")}`);
  }
  return name;
}

/** A number of things to show. */
function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new InvalidArgumentError("allowed: 1 to 9999");
  }
  return Number(text);
}

/** A command about one stack. */
function onStack(command: Command): Command {
  return command.requiredOption("--stack <name>", "the stack", stackName).addOption(workspace());
}

const program = new Command("commands").description("What people and CI run around the engine; see make help.");

program
  .command("up")
  .description("fresh machine to a running datasets-server")
  .addOption(workspace())
  .option("--refresh", "look for hand edits first, and undo them")
  .action(async (options: Workspace & { refresh?: boolean }) =>
    (await import("./local")).up(options.workspace, options),
  );

onStack(program.command("preview"))
  .description("what up or deploy would change")
  .argument("[flags...]", "further flags of pulumi preview")
  .action(async (flags: string[], { stack, workspace }: OnStack) => {
    if (stack === "local") return (await import("./local")).preview(workspace, flags);
    const { engineFor } = await import("./engine");
    const { preview } = await import("./deploy");
    return preview(await engineFor(workspace, stack, { withProgram: true }), stack, flags);
  });

onStack(program.command("bootstrap"))
  .description("create or verify state bucket, key, stack and encryption of a stack on EKS")
  .action(async ({ stack, workspace }: OnStack) => {
    const { bootstrap } = await import("./bootstrap");
    const { engineFor } = await import("./engine");
    await bootstrap(await engineFor(workspace, stack), stack);
  });

onStack(program.command("deploy"))
  .description("pulumi up, one run at a time")
  .option("--yes", "do not ask")
  .argument("[flags...]", "further flags of pulumi up")
  .action(async (flags: string[], { stack, workspace, yes = false }: OnStack & { yes?: boolean }) => {
    const { deploy } = await import("./deploy");
    const { engineFor } = await import("./engine");
    await deploy(await engineFor(workspace, stack, { withProgram: true }), stack, { yes, flags });
  });

onStack(program.command("history"))
  .description("who updated a stack, when, from which commit, with which images")
  .option("--limit <number>", "how many updates, the latest first", count)
  .action(async ({ stack, workspace, limit }: OnStack & { limit?: number }) => {
    const { engineFor } = await import("./engine");
    const { defaultLimit, history } = await import("./history");
    await history(await engineFor(workspace, stack), stack, limit ?? defaultLimit);
  });

onStack(program.command("drift"))
  .description("show where objects are no longer as they were deployed; exit code 1 when there are some")
  .option("--out <file>", "also write it there as Markdown")
  .action(async ({ stack, workspace, out }: OnStack & { out?: string }) => {
    const { drift } = await import("./drift");
    const { engineFor } = await import("./engine");
    const isClean = await drift(await engineFor(workspace, stack), stack, out === undefined ? {} : { out });
    process.exitCode = isClean ? 0 : 1;
  });

program
  .command("pr-open")
  .description("print the numbers of the repository's open pull requests")
  .action(async () => {
    const { gitHubRepository, openPullRequests } = await import("./github");
    const repository = gitHubRepository(process.env, { use: "pullRequests" });
    // An empty list would look like one that could not be had.
    console.log((await openPullRequests(repository)).join(" ") || "none");
  });

onStack(program.command("smoke"))
  .description("wait until the public entrance of a stack serves")
  .action(async ({ stack, workspace }: OnStack) => {
    const { engineFor } = await import("./engine");
    const { smoke } = await import("./smoke");
    await smoke(await engineFor(workspace, stack), stack);
  });

program
  .command("issue")
  .description("open the one issue about something, or change it where it is open")
  .requiredOption("--about <text>", "what it is about, such as drift of stack prod; its title")
  .option("--file <file>", "its text as Markdown; default: that a workflow failed")
  .action(async ({ about, file }: { about: string; file?: string }) => {
    const { gitHubRepository } = await import("./github");
    const { issueText, reportIssue } = await import("./issue");
    const repository = gitHubRepository(process.env, { use: "issue" });
    console.log(await reportIssue(repository, { about, text: await issueText(file, process.env) }));
  });

onStack(program.command("unlock"))
  .description("show whose the locks of a stack are and how old, and remove those that you say yes to")
  .option("--local", "a pull request's environment on the local cluster")
  .option("--yes", "do not ask")
  .action(async ({ stack, workspace, local, yes = false }: OnStack & { local?: boolean; yes?: boolean }) => {
    const { engineFor } = await import("./engine");
    const { unlock } = await import("./state/unlock");
    await unlock(await engineFor(workspace, local ? "local" : stack), stack, yes);
  });

onStack(program.command("state-restore"))
  .description("put the last readable state of a stack in the place of a damaged one")
  .action(async ({ stack, workspace }: OnStack) => {
    const { engineFor } = await import("./engine");
    const { restoreState } = await import("./state/restore");
    await restoreState(await engineFor(workspace, stack, { withProgram: true }), stack);
  });

program
  .command("review")
  .description("preview stacks and write one Markdown comment about them")
  .argument("<stacks...>", "the stacks", (name, earlier: readonly string[] = []) => [...earlier, stackName(name)])
  .requiredOption("--out <file>", "the comment; what it has to leave out is beside it, in NAME-whole.md")
  .option("--link <address>", "where readers find the whole; default: the name of its file")
  .addOption(workspace())
  .action(async (stacks: readonly string[], { out, link, workspace }: ReviewOptions) => {
    const { review } = await import("./review");
    const { engineFor } = await import("./engine");
    const engineOf = (stack: string) => engineFor(workspace, stack, { withProgram: true });
    const failed = await review(stacks, { out, ...(link && { link }), engineOf });
    process.exitCode = failed === 0 ? 0 : 1;
  });

program
  .command("review-post")
  .description("post a comment that review has written, or edit the one that is there")
  .requiredOption("--pr <number>", "the pull request")
  .requiredOption("--comment <file>", "what review has written")
  .action(async ({ pr, comment }: { pr: string; comment: string }) =>
    (await import("./review/post")).postReview(pr, comment, process.env),
  );

onStack(program.command("doctor"))
  .description("look at all that a deploy of a stack needs")
  .action(async (patient: OnStack) => {
    const isWell = await (await import("./doctor")).doctor(patient);
    // Whatever did not answer in time may still be waited for.
    process.exit(isWell ? 0 : 1);
  });

program
  .command("down")
  .description("destroy stack local and stop its cluster")
  .addOption(workspace())
  .action(async (options: Workspace) => (await import("./local")).down(options.workspace));

/** A command about environments of pull requests. What is wrong with its values is said of all at once. */
function onEnvironments(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(new Option("--target <name>", "where they are").choices(targets).default("ephemeral"))
    .addOption(workspace());
}

interface OnEnvironments extends Workspace, RawInput {
  readonly target: Target;
}

onEnvironments("pr-up", "bring a pull request's environment up, or up to date")
  .option("--pr <number>", "the pull request")
  .option("--image-tag <tag>", "the images to run")
  .option("--title <text>", "its title")
  .option("--author <login>", "whose it is")
  .option("--head-sha <commit>", "its last commit")
  .option("--ttl <time>", "how long it stays, such as 12h or 7d")
  .action(async ({ workspace, target, ...raw }: OnEnvironments) =>
    (await import("./environments/up")).environmentUp(workspace, target, raw),
  );

onEnvironments("pr-down", "remove a pull request's environment")
  .option("--pr <number>", "the pull request")
  .action(async ({ workspace, target, ...raw }: OnEnvironments) =>
    (await import("./environments/down")).environmentDown(workspace, target, raw),
  );

onEnvironments("pr-list", "show every environment").action(async ({ workspace, target }: OnEnvironments) =>
  (await import("./environments/list")).environmentList(workspace, target),
);

onEnvironments("pr-sweep", "remove the environments whose pull request is closed, or whose time is over")
  .option("--open <numbers>", "the open pull requests; default: only time counts")
  .option("--dry-run", "only say what would go")
  .action(async ({ workspace, target, dryRun = false, ...raw }: OnEnvironments & { dryRun?: boolean }) =>
    (await import("./environments/sweep")).environmentSweep(workspace, target, { ...raw, dryRun }),
  );

program
  .command("render")
  .description("write every object of a stack as YAML")
  .requiredOption("--stack <name>", "the stack", stackName)
  .option("--out <folder>", "where to write; default: rendered/<stack>")
  .action(async ({ stack, out }: { stack: string; out?: string }) => {
    const folder = path.resolve(out || path.join("rendered", stack));
    const files = await (await import("./render")).render(stack, folder);
    console.log(`${files.length} objects of stack ${stack} in ${folder}`);
  });

program
  .command("scan")
  .description(
    "have kube-score look at every object of prod and ephemeral; exit code 1 when there is something to mend",
  )
  .option("--list", "also list the objects that may stay as they are, with the reason")
  .action(async ({ list = false }: { list?: boolean }) => {
    const isClean = await (await import("./scan")).scan({ list });
    process.exitCode = isClean ? 0 : 1;
  });

program
  .command("generate")
  .description(
    "write the golden objects and comments, the JSON Schema of stack files, docs/access.md and docs/rules.md",
  )
  .action(async () => (await import("./generate")).generate());

program
  .command("bench")
  .description("measure the figures of bench/results.md")
  .action(async () => (await import("../bench/bench")).bench());

useProxies()
  .then(() => program.parseAsync())
  .catch((error: unknown) => {
    console.error(error instanceof Error ? `error: ${error.message}` : error);
    process.exitCode = 1;
  });
