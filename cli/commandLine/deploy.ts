import type { Command } from "commander";
import { allow, describe, type OnWorkspace, onStack, type PassOn, waitForImages } from "./shared";

interface Changing extends OnWorkspace {
  readonly allow?: readonly string[];
}

interface Deploying extends Changing {
  readonly waitForImages?: number;
  readonly yes?: boolean;
  readonly smoke: boolean;
  readonly back?: boolean;
  readonly dirty?: boolean;
  readonly approved?: string;
}

interface GoingBack extends Changing {
  readonly to?: string;
  readonly yes?: boolean;
  readonly smoke: boolean;
}

const noSmoke = [
  "--no-smoke",
  "do not check afterwards that it serves, as where this machine does not reach its address",
] as const;

/** Commands that change a stack, or show what would change. */
export function deployCommands(program: Command, passOn: PassOn): void {
  const preview = passOn(
    describe(onStack(program.command("preview")), {
      group: "deploy",
      does: "show what a deploy would change",
      examples: ["preview prod", "preview ephemeral -- --json"],
    }).option(...allow),
    "flags of pulumi preview",
  );
  preview.command.action(async (stack: string, { workspace, allow }: Changing) => {
    const { engineFor } = await import("../lib/engine");
    const { allowing, preview: show } = await import("../deploy");
    const engine = await engineFor(workspace, stack, { withProgram: true });
    if (stack === "local") await (await import("../local")).selectStack(engine);
    await show(allowing(engine, allow), stack, preview.passed());
  });

  const deploy = passOn(
    describe(onStack(program.command("deploy")), {
      group: "deploy",
      does: "show what would change, ask, and change it",
      examples: ["deploy prod", "deploy prod --allow Service/datasets-server-prod-api -- --target-dependents"],
    })
      .option("--yes", "do not ask, as in CI")
      .option(...waitForImages)
      .option(...noSmoke)
      .option("--back", "deploy a commit that does not have all that was deployed last, to go back on purpose")
      .option("--approved <file>", "deploy only what that file, written by review --approval, allows")
      .option("--dirty", "deploy files that differ from their commit")
      .option(...allow),
    "flags of pulumi up",
  );
  deploy.command.action(async (stack: string, { workspace, allow, smoke, waitForImages = 0, ...given }: Deploying) => {
    const { yes = false, back = false, dirty = false, approved } = given;
    const { allowing, deploy: run, requireConsent } = await import("../deploy");
    requireConsent(`ds deploy ${stack}`, yes);
    const { engineFor } = await import("../lib/engine");
    const engine = await engineFor(workspace, stack, { withProgram: true });
    await run(allowing(engine, allow), stack, {
      yes,
      back,
      dirty,
      ...(approved && { approved }),
      waitForImagesMs: waitForImages * 60_000,
      flags: deploy.passed(),
    });
    if (smoke) await (await import("../smoke")).smokeOf(engine, stack);
  });

  describe(onStack(program.command("back")), {
    group: "deploy",
    does: "go back to the last good version, with today's secrets",
    examples: ["back prod", "back prod --to 59db084"],
  })
    .option("--to <version>", "a commit or image tag of ds history; default: the last good one before")
    .option("--yes", "do not ask, as in CI")
    .option(...noSmoke)
    .option(...allow)
    .action(async (stack: string, { workspace, yes = false, allow = [], smoke, to }: GoingBack) =>
      (await import("../back")).back(workspace, stack, { yes, allow, smoke, ...(to !== undefined && { to }) }),
    );

  const pulumi = passOn(
    describe(onStack(program.command("pulumi")), {
      group: "deploy",
      does: "run the pinned pulumi, with the backend and your credentials",
      examples: ["pulumi prod -- config set --secret datasets-server:hfToken", "pulumi prod -- stack output commands"],
    }),
    "command and flags of pulumi",
  );
  pulumi.command
    .addHelpText("after", "\nIt runs in the project's folder: name other files by their whole path.")
    .action(async (stack: string, { workspace }: OnWorkspace) => {
      process.exitCode = await (await import("../shell")).runPulumi(workspace, stack, pulumi.passed());
    });

  describe(onStack(program.command("bootstrap")), {
    group: "deploy",
    does: "create or verify bucket, key and stack; safe to repeat",
    examples: ["bootstrap prod", "bootstrap ephemeral"],
  }).action(async (stack: string, { workspace }: OnWorkspace) =>
    (await import("../bootstrap")).bootstrap(workspace, stack),
  );
}
