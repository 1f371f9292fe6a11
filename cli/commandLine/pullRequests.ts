import { Argument, type Command } from "commander";
import type { Target } from "../environments/input";
import { allow, asJson, describe, type OnWorkspace, stackName, waitForImages, workspaceOption } from "./shared";

interface ReviewOptions extends OnWorkspace {
  readonly out: string;
  readonly link?: string;
  readonly commit?: string;
  readonly approval?: string;
  readonly json?: boolean;
}

interface Somewhere extends OnWorkspace {
  readonly local?: boolean;
}

interface UpOptions extends Somewhere {
  readonly image: string;
  readonly title?: string;
  readonly author?: string;
  readonly headSha?: string;
  readonly ttl?: string;
  readonly waitForImages?: number;
  readonly allow?: readonly string[];
}

interface PromoteOptions extends OnWorkspace {
  readonly image?: string;
  readonly smoke: boolean;
}

/** Commands about pull requests, their environments, and what GitHub shows. */
export function pullRequestCommands(program: Command): void {
  reviewCommands(program);
  environmentCommands(program);
  promoteCommand(program);
  describe(program.command("issue"), {
    group: "pullRequests",
    does: "open or update the one GitHub issue about something",
    examples: ['issue --about "drift of stack prod" --file drift.md', 'issue --about "sweep of environments"'],
  })
    .requiredOption("--about <text>", "what it is about, such as drift of stack prod; its title")
    .option("--file <file>", "its text as Markdown; default: that a workflow failed")
    .action(async ({ about, file }: { about: string; file?: string }) => {
      const { gitHubRepository } = await import("../lib/github");
      const { issueOf, reportIssue } = await import("../issue");
      const repository = gitHubRepository(process.env, { use: "issue" });
      console.log(await reportIssue(repository, { about, ...(await issueOf(file, process.env)) }));
    });
}

function promoteCommand(program: Command): void {
  describe(program.command("promote").addOption(workspaceOption()), {
    group: "pullRequests",
    does: "open the pull request that brings images to a stack",
    examples: ["promote ephemeral --image sha-abc1234", "promote prod"],
  })
    .addArgument(new Argument("<STACK>", "the stack; prod gets what ephemeral runs").choices(["ephemeral", "prod"]))
    .option("--image <tag>", "the images for ephemeral, such as sha-abc1234")
    .option("--no-smoke", "do not check first that ephemeral serves what prod will get")
    .action(async (stack: "ephemeral" | "prod", { workspace, image, smoke }: PromoteOptions) =>
      (await import("../promote")).promote(workspace, stack, { smoke, ...(image !== undefined && { image }) }),
    );
}

function reviewCommands(program: Command): void {
  const review = describe(program.command("review"), {
    group: "pullRequests",
    does: "preview stacks into one Markdown comment",
    examples: ["review prod ephemeral --out review.md", "review post --pr 123 --comment review.md"],
  })
    .argument("<STACK...>", "the stacks", (name, earlier: readonly string[] = []) => [...earlier, stackName(name)])
    .requiredOption("--out <file>", "the comment; what it has to leave out is beside it, in NAME-whole.md")
    .option("--link <address>", "where readers find the whole; default: the name of its file")
    .option("--commit <sha>", "the commit that it is about; default: that of these files")
    .option(...asJson)
    .option("--approval <file>", "write what `ds deploy --approved` holds a deploy to; of one stack")
    .addOption(workspaceOption())
    .action(async (stacks: readonly string[], { workspace, json = false, ...options }: ReviewOptions) => {
      const { review } = await import("../review");
      const { engineFor } = await import("../lib/engine");
      const engineOf = (stack: string) => engineFor(workspace, stack, { withProgram: true });
      const failed = await review(stacks, { ...options, json, engineOf });
      process.exitCode = failed === 0 ? 0 : 1;
    });
  describe(review.command("post"), {
    group: "pullRequests",
    does: "post that comment, or edit the one that is there",
    examples: ["review post --pr 123 --comment review.md", 'review post --pr "$PR" --comment review.md'],
  })
    .requiredOption("--pr <N>", "the pull request")
    .requiredOption("--comment <file>", "what review has written")
    .action(async ({ pr, comment }: { pr: string; comment: string }) =>
      (await import("../review/post")).postReview(pr, comment, process.env),
    );
  describe(review.command("outdate"), {
    group: "pullRequests",
    does: "have that comment say that a newer commit was pushed, if one was",
    examples: ["review outdate --pr 123", 'review outdate --pr "$PR"'],
  })
    .requiredOption("--pr <N>", "the pull request")
    .action(async ({ pr }: { pr: string }) => (await import("../review/post")).outdateReview(pr, process.env));
}

/** What is wrong with the values of an environment is said of all at once, by the command itself. */
function environmentCommands(program: Command): void {
  const pr = describe(program.command("pr"), {
    group: "pullRequests",
    does: "environments of pull requests: up, down, list, sweep, open",
    examples: ["pr up 123 --image sha-abc1234", "pr list"],
  });

  describe(onEnvironments(pr.command("up")), {
    group: "pullRequests",
    does: "bring a pull request's environment up, or up to date",
    examples: ["pr up 123 --image sha-abc1234", 'pr up 123 --image sha-abc1234 --title="$TITLE" --ttl 12h'],
  })
    .argument("<N>", "the pull request's number")
    .requiredOption("--image <tag>", "the images to run, such as sha-abc1234")
    .option("--title <text>", "its title")
    .option("--author <login>", "whose it is")
    .option("--head-sha <commit>", "its last commit")
    .option("--ttl <time>", "how long it stays, such as 12h or 7d; default: pullRequest.lifetime of the stack file")
    .option(...waitForImages)
    .option(...allow)
    .action(async (number: string, { workspace, local, image, allow, waitForImages = 0, ...about }: UpOptions) => {
      const { environmentUp } = await import("../environments/up");
      await environmentUp(
        workspace,
        targetOf(local),
        { ...about, pr: number, imageTag: image },
        {
          allowed: allow,
          waitForImagesMs: waitForImages * 60_000,
        },
      );
    });

  describe(onEnvironments(pr.command("down")), {
    group: "pullRequests",
    does: "remove a pull request's environment without a trace",
    examples: ["pr down 123", "pr down 123 --local"],
  })
    .argument("<N>", "the pull request's number")
    .action(async (number: string, { workspace, local }: Somewhere) =>
      (await import("../environments/down")).environmentDown(workspace, targetOf(local), number),
    );

  describe(onEnvironments(pr.command("list")), {
    group: "pullRequests",
    does: "show every environment: image, commit, author, until when",
    examples: ["pr list", "pr list --local --json"],
  })
    .option(...asJson)
    .action(async ({ workspace, local, json = false }: Somewhere & { json?: boolean }) =>
      (await import("../environments/list")).environmentList(workspace, targetOf(local), json),
    );

  describe(onEnvironments(pr.command("sweep")), {
    group: "pullRequests",
    does: "remove the environments whose pull request is closed, or whose time is over",
    examples: ['pr sweep --open "7 123" --dry-run', 'pr sweep --open "$(ds pr open)"'],
  })
    .option(
      "--open <numbers>",
      "the open pull requests, or none: GitHub is asked for each other; default: only time counts",
    )
    .option("--dry-run", "only say what would go")
    .action(async ({ workspace, local, open, dryRun = false }: Somewhere & { open?: string; dryRun?: boolean }) => {
      const { environmentSweep } = await import("../environments/sweep");
      await environmentSweep(workspace, targetOf(local), { open, dryRun });
    });

  describe(pr.command("open"), {
    group: "pullRequests",
    does: "print the numbers of the open pull requests, as sweep takes them",
    examples: ["pr open", "pr open > open.txt"],
  }).action(async () => {
    const { gitHubRepository, openPullRequests } = await import("../lib/github");
    const repository = gitHubRepository(process.env, { use: "pullRequests" });
    // An empty list would look like one that could not be had.
    console.log((await openPullRequests(repository)).join(" ") || "none");
  });
}

function onEnvironments(command: Command): Command {
  return command
    .option("--local", "on the local cluster of `ds up`, not on hub-ephemeral")
    .addOption(workspaceOption());
}

function targetOf(local = false): Target {
  return local ? "local" : "ephemeral";
}
