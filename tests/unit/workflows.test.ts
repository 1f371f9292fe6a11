import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { accessFiles } from "../../cli/access/files";
import { defaultBeginMs } from "../../cli/environments/sweep";
import {
  environments as environmentSettings,
  longestSessionSeconds,
  trustPolicy,
  type WorkflowRole,
  workflowRoles,
} from "../../cli/lib/gitHubSettings";
import { projectFolder, stackFile } from "../../cli/lib/project";
import { readStack } from "../../cli/lib/stackFile";
import { buildObjects } from "../../components/buildObjects";
import type { AnyObject } from "../../components/objects";
import { problemsOf } from "../support/commandLine";

const permissions = z.record(z.string(), z.string());

const step = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  env: z.record(z.string(), z.string()).default({}),
  with: z.record(z.string(), z.unknown()).default({}),
});

const concurrency = z.strictObject({
  group: z.string(),
  "cancel-in-progress": z.union([z.boolean(), z.string()]),
  queue: z.literal("max").optional(),
});

const job = z.looseObject({
  needs: z.string().optional(),
  if: z.string().default(""),
  "runs-on": z.string(),
  "timeout-minutes": z.number(),
  environment: z.string().optional(),
  permissions,
  concurrency: concurrency.optional(),
  steps: z.array(step),
});

/** A job that runs another workflow of this repository. */
const call = z.strictObject({ uses: z.string(), permissions, concurrency: concurrency.optional() });

const workflow = z.looseObject({
  on: z.record(z.string(), z.unknown()),
  permissions,
  concurrency: concurrency.optional(),
  jobs: z.record(z.string(), z.union([call, job])),
});

type Job = z.infer<typeof job>;

const folder = path.join(projectFolder, ".github/workflows");
const texts = new Map(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), "utf8")]));
const workflows = new Map([...texts].map(([name, text]) => [name, workflow.parse(parse(text))]));

const jobs = [...workflows].flatMap(([file, { on, jobs }]) =>
  Object.entries(jobs).flatMap(([name, each]) =>
    "steps" in each ? [{ file, where: `${file}: ${name}`, events: Object.keys(on), job: each }] : [],
  ),
);
const steps = jobs.flatMap(({ where, job }) => job.steps.map((each) => ({ where, step: each })));

/** The words of a line of shell; variables stand for themselves, and what is written to a file is left out. */
function wordsOf(line: string): string[] {
  const words = line.replace(/ >>? .*$/, "").matchAll(/(?:"[^"]*"|[^\s"])+/g);
  return [...words].map(([word]) => word.replaceAll('"', ""));
}

const environments = Object.keys(environmentSettings);

function isRole(name: string): name is WorkflowRole {
  return Object.hasOwn(workflowRoles, name);
}

const sameRepository = "github.event.pull_request.head.repo.full_name == github.repository";

/** Whether a pull request of a fork starts the job. */
function runsForForks({ job, events }: { readonly job: Job; readonly events: readonly string[] }): boolean {
  return events.some((event) => event.startsWith("pull_request")) && !job.if.includes(sameRepository);
}

function workflowOf(file: string): z.infer<typeof workflow> {
  const found = workflows.get(file);
  assert.ok(found, file);
  return found;
}

function jobOf(file: string, name: string): Job {
  return jobs.find(({ where }) => where === `${file}: ${name}`)?.job ?? assert.fail(`${file} has no job ${name}`);
}

const setupText = readFileSync(path.join(projectFolder, ".github/actions/setup/action.yml"), "utf8");

/** The steps of the action that every job begins with. */
const setupSteps = z.object({ runs: z.object({ steps: z.array(step) }) }).parse(parse(setupText)).runs.steps;

/** Whether a job can do more than read the repository's content: assume a role, or write to GitHub. */
function isPrivileged({ permissions: { contents: _, ...others }, environment }: Job): boolean {
  return environment !== undefined || Object.values(others).includes("write");
}

/** What a step keeps for later runs, or takes from earlier ones: the cache actions, and the caches of those that set something up. */
function usesCache({ uses = "", with: inputs }: z.infer<typeof step>): boolean {
  const switches = Object.entries(inputs).filter(([name]) => /(^|-)cache(-|$)/.test(name));
  const isSetUp = uses.startsWith("actions/setup-");
  return uses.startsWith("actions/cache") || (isSetUp && !switches.some(([, on]) => on === false));
}

/** The longest session of an IAM role that says nothing of it, and what the action asks for; seconds. */
const roleDefaultSeconds = 3600;

/** What Pulumi waits for an object that has no limit of its own; seconds. */
const engineDefaultSeconds = 600;

/** What a job does beside the update: its set-up, the preview, the checks of `ds smoke`; seconds. */
const besideUpdateSeconds = 1200;

/** The stack that a step's command updates; pr-1 stands for every pull request's environment. */
function deployedBy(run = ""): string | undefined {
  return /^\.\/ds pr up /m.test(run) ? "pr-1" : /^\.\/ds deploy (\w+)/m.exec(run)?.[1];
}

/** How long an update of a stack may wait: for its database, then the migration, then all other workloads at once. */
function longestUpdateSeconds(stack: string): number {
  const { mongodb, migration, webServices, workerPools } = buildObjects(
    readStack(stack, stackFile(stack), {}).config.datasetsServer,
  );
  const limit = ({ options: { customTimeouts } }: AnyObject) => {
    const given = [customTimeouts?.create, customTimeouts?.update].flatMap((text) =>
      text ? Number.parseFloat(text) : [],
    );
    return Math.max(...(given.length > 0 ? given : [engineDefaultSeconds]));
  };
  const inTurn = [
    ...(mongodb ? [mongodb.claim, mongodb.statefulSet, mongodb.initiation] : []),
    ...(migration ? [migration] : []),
  ];
  const atOnce = [...Object.values(webServices), ...Object.values(workerPools)].map(({ deployment }) => deployment);
  return inTurn.reduce((sum, object) => sum + limit(object), 0) + Math.max(0, ...atOnce.map(limit));
}

/**
 * How long the removal of an environment may wait: for its Ingresses, then its pods, then its migration and its database one after the
 * other, then its namespace. Each has the default of the engine, or as much of `ds pr down`.
 */
function longestRemovalSeconds(): number {
  const { mongodb, migration } = buildObjects(readStack("pr-1", stackFile("pr-1"), {}).config.datasetsServer);
  const inTurn = [migration, mongodb?.initiation, mongodb?.statefulSet, mongodb?.claim].filter(
    (object) => object !== undefined,
  );
  return (["Ingresses", "pods", "namespace"].length + inTurn.length) * engineDefaultSeconds;
}

describe("the workflows", () => {
  it("start with no permission, and state each job's own", () => {
    for (const [file, { permissions: all }] of workflows) assert.deepEqual(all, {}, file);
    for (const { where, job } of jobs) {
      const { contents, ...others } = job.permissions;
      assert.equal(contents, "read", where);
      const writing = Object.entries(others)
        .filter(([, access]) => access === "write")
        .map(([right]) => right);
      const allowed = ["deployments", "id-token", "issues", "pull-requests"];
      assert.deepEqual(
        writing.filter((right) => !allowed.includes(right)),
        [],
        where,
      );
    }
  });

  it("pin every action by the hash of a release, and say which release it is", () => {
    for (const [file, text] of [...texts, ["setup", setupText] as const]) {
      const uses = text.split("\n").filter((line) => /^\s*(- )?uses: /.test(line));
      assert.ok(uses.length > 0, file);
      for (const line of uses) {
        assert.match(
          line,
          /uses: (\.\/\.github\/(actions\/setup|workflows\/ci\.yml)|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/,
          file,
        );
      }
    }
  });

  it("name one release of an action only", () => {
    const releases = new Map<string, Set<string>>();
    for (const { step: each } of steps) {
      const [action = "", hash = ""] = each.uses?.split("@") ?? [];
      releases.set(action, (releases.get(action) ?? new Set()).add(hash));
    }
    for (const [action, hashes] of releases) assert.equal(hashes.size, 1, action);
  });

  it("leave no token behind in a checkout", () => {
    const checkouts = steps.filter(({ step: each }) => each.uses?.startsWith("actions/checkout@"));
    assert.equal(checkouts.length, jobs.length);
    for (const { where, step: each } of checkouts) assert.equal(each.with["persist-credentials"], false, where);
  });

  it("use no stored secret: roles are assumed by the run's own identity", () => {
    for (const [file, text] of texts) assert.doesNotMatch(text, /\bsecrets\b|aws-secret-access-key/, file);
  });

  it("assume only roles whose trust policies let them in, and only within an environment", () => {
    const used = new Set<string>();
    for (const { file, where, job } of jobs) {
      const roles = job.steps.flatMap((each) => each.with["role-to-assume"] ?? []);
      const expected = job.permissions["id-token"] === "write" ? 1 : 0;
      assert.deepEqual([roles.length, job.environment === undefined ? 0 : 1], [expected, expected], where);
      if (expected === 0) continue;
      const names = [...(texts.get(file) ?? "").matchAll(/datasets-server-(hub-\w+-)?(deploy|drift|preview)\b/g)];
      for (const [role] of names) {
        assert.ok(isRole(role), `${file}: ${role}`);
        const trusted = workflowRoles[role].filter(({ workflow }) => workflow === file);
        used.add(role);
        assert.ok(trusted.length > 0, `${file}: ${role}`);
      }
      assert.ok(
        environments.some((name) => name === job.environment),
        where,
      );
    }
    assert.deepEqual([...used].sort(), Object.keys(workflowRoles).sort());
  });

  it("look for drift with roles of their own, which write nothing", () => {
    const text = texts.get("drift.yml") ?? "";
    assert.doesNotMatch(text, /datasets-server-[\w-]*deploy/);
    assert.equal(jobOf("drift.yml", "look").environment, "drift");
  });

  it("compare GitHub's settings with what roles rely on each night, without a role", () => {
    assert.ok("schedule" in workflowOf("drift.yml").on);
    const { permissions: own, steps: all } = jobOf("drift.yml", "settings");
    assert.ok(all.some(({ run }) => run === "./ds doctor github"));
    assert.equal(own["id-token"], undefined);
  });

  it("take nothing from a cache where they can assume a role or write, and put nothing there", () => {
    assert.deepEqual(setupSteps.filter(usesCache), []);
    const cached = jobs.filter(({ job }) => job.steps.some(usesCache));
    assert.deepEqual(
      cached.filter(({ job }) => isPrivileged(job)).map(({ where }) => where),
      [],
    );
    // Otherwise the look above sees nothing.
    assert.deepEqual(
      cached.map(({ where }) => where),
      ["ci.yml: offline", "ci.yml: test"],
    );
  });

  it("unpack what another job has made into a folder of its own, outside the checkout whose commands they run", () => {
    const downloads = steps.filter(({ step: each }) => each.uses?.startsWith("actions/download-artifact@"));
    assert.ok(downloads.length > 0);
    for (const { where, step: each } of downloads)
      assert.match(String(each.with.path), /^\$\{\{ runner\.temp \}\}\/\w+$/, where);
  });

  it("name their runner themselves: no variable of the repository moves a job to another machine", () => {
    for (const { where, job } of jobs) assert.equal(job["runs-on"], "ubuntu-24.04", where);
    // The one variable there is decides which pull requests get an environment, and nothing about how.
    const variables = [...texts.values()].flatMap((text) => text.match(/\bvars\b[.\w]*/g) ?? []);
    assert.deepEqual([...new Set(variables)], ["vars.ENVIRONMENT_LABEL"]);
  });

  it("give forks nothing but checks that need no network of ours, on machines that are not ours", () => {
    const open = jobs.filter(runsForForks);
    assert.deepEqual(
      open.map(({ where }) => where),
      ["ci.yml: offline", "preview.yml: comment"],
    );
    const [offline] = open;
    assert.deepEqual(offline?.job.permissions, { contents: "read" });
    assert.equal(offline?.job["runs-on"], "ubuntu-24.04");
    const commands = offline?.job.steps.flatMap(({ run }) => run ?? []);
    assert.deepEqual(commands, ["make check", "make unit", "./ds render prod", "./ds render ephemeral"]);
  });

  it("post a comment only after a plan, which forks do not get", () => {
    const comment = jobOf("preview.yml", "comment");
    assert.equal(jobOf("preview.yml", "plan").if, sameRepository);
    assert.equal(comment.needs, "plan");
    assert.ok(comment.if.includes("needs.plan.result == 'success'"));
  });

  it("check out nothing of a pull request where they have the permissions of the main branch", () => {
    const privileged = jobs.filter(({ events }) => events.includes("pull_request_target"));
    assert.ok(privileged.length > 0);
    for (const { where, job } of privileged) {
      for (const each of job.steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"))) {
        assert.deepEqual(Object.keys(each.with), ["persist-credentials"], where);
      }
      assert.doesNotMatch(job.steps.map(({ run }) => run).join("\n"), /\bgit\b|refs\/pull/, where);
      assert.ok(job.if.includes(sameRepository), where);
    }
  });

  it("let a shell see nothing that others wrote but as a variable", () => {
    for (const { where, step: each } of steps) assert.ok(!each.run?.includes("${{"), `${where}: ${each.run}`);
  });

  it("run what a developer can run: commands of ds with options that they have, and targets of the Makefile", () => {
    const makefile = readFileSync(path.join(projectFolder, "Makefile"), "utf8");
    for (const { where, step: each } of steps) {
      for (const line of each.run?.trim().split("\n") ?? []) {
        // What keeps a command's words for the next step, or for the summary of the run.
        if (/^(echo .*|cat \S+ >> "\$GITHUB_STEP_SUMMARY"|\.ci\/run)$/.test(line)) continue;
        const [command = "", ...args] = wordsOf(line);
        if (command === "make") {
          assert.ok(new RegExp(`^${args.join(" ")}:.*## `, "m").test(makefile), `${where}: ${line}`);
        } else {
          assert.equal(command, "./ds", `${where}: ${line}`);
          assert.deepEqual(problemsOf(args), [], `${where}: ${line}`);
        }
      }
    }
  });

  it("set up Go only where something is compiled: where tests and checks run", () => {
    const withGo = jobs.filter(({ job }) => job.steps.some((each) => each.with.go === true));
    assert.deepEqual(
      withGo.map(({ where }) => where),
      ["ci.yml: offline", "ci.yml: test"],
    );
  });

  it("assume only roles that ds access makes", () => {
    const made = ["prod", "ephemeral"].map((stack) => accessFiles(stack)["aws.sh"]).join("\n");
    for (const role of Object.keys(workflowRoles)) {
      assert.match(made, new RegExp(`^aws iam create-role --role-name ${role} `, "m"), role);
    }
  });

  it("are let in by trust policies that name environment and workflow file, as the documents show them", () => {
    const document = readFileSync(path.join(projectFolder, "docs/workflows.md"), "utf8");
    const shown = [...document.matchAll(/`([\w-]+)`:\n\n```json\n(.*?)\n```/gs)].map(([, role = "", text = ""]) => {
      assert.ok(isRole(role), role);
      assert.deepEqual(JSON.parse(text), trustPolicy(role, "707930574880", "OWNER/REPOSITORY"), role);
      return role;
    });
    assert.deepEqual(shown, ["datasets-server-preview"]);
    for (const [role, trusted] of Object.entries(workflowRoles)) {
      const ways = trusted.map(({ environment, workflow }) => `\`${environment}\` by \`${workflow}\``).join(", ");
      assert.ok(document.includes(`| \`${role}\` | ${ways} |`), `${role}: ${ways}`);
    }
  });

  it("pass their linters with these exceptions only, each of which has its reason beside it", () => {
    const config = (name: string) => readFileSync(path.join(projectFolder, ".github", name), "utf8");
    const { rules } = parse(config("zizmor.yml"));
    assert.deepEqual(Object.keys(rules), ["self-repository"]);
    const ignored = [...texts].flatMap(([file, text]) =>
      [...text.matchAll(/zizmor: ignore\[([\w-]+)\] \w+/g)].map(([, rule]) => `${file}: ${rule}`),
    );
    assert.deepEqual(ignored, ["environment.yml: dangerous-triggers"]);
    assert.equal([...texts.values(), setupText].join("").match(/zizmor:/g)?.length, ignored.length);
    const { paths } = parse(config("actionlint.yaml"));
    assert.deepEqual(paths, {
      ".github/workflows/deploy.yml": { ignore: ['unexpected key "queue" for "concurrency" section'] },
    });
  });

  it("leave time for all that a deploy may wait for, one after the other", () => {
    const waiting = jobs.flatMap(({ where, job }) => {
      const stack = job.steps.flatMap(({ run }) => deployedBy(run) ?? [])[0];
      return stack === undefined ? [] : [{ where, job, stack }];
    });
    assert.deepEqual(
      waiting.map(({ where, stack }) => `${where}: ${stack}`),
      ["deploy.yml: ephemeral: ephemeral", "deploy.yml: prod: prod", "environment.yml: up: pr-1"],
    );
    for (const { where, job, stack } of waiting) {
      const needed = longestUpdateSeconds(stack) + besideUpdateSeconds;
      const given = job["timeout-minutes"] * 60;
      assert.ok(given >= needed, `${where}: timeout-minutes is ${given} s; stack ${stack} may take ${needed} s`);
    }
  });

  it("leave time for the removal of an environment, also for the last one that a sweep begins", () => {
    const sums = { "environment.yml: down": 0, "sweep.yml: sweep": defaultBeginMs / 1000 };
    const removing = jobs.filter(({ job }) => job.steps.some(({ run }) => /^\.\/ds pr (down|sweep) /m.test(run ?? "")));
    assert.deepEqual(
      removing.map(({ where }) => where),
      Object.keys(sums),
    );
    for (const [where, before] of Object.entries(sums)) {
      const needed = before + longestRemovalSeconds() + besideUpdateSeconds;
      const [file = "", name = ""] = where.split(": ");
      const given = jobOf(file, name)["timeout-minutes"] * 60;
      assert.ok(given >= needed, `${where}: timeout-minutes is ${given} s; it may take ${needed} s`);
    }
  });

  it("have a role for as long as they run, and end by themselves when something hangs", () => {
    for (const { where, job } of jobs) {
      const seconds = job["timeout-minutes"] * 60;
      assert.ok(seconds <= longestSessionSeconds, where);
      for (const { uses, with: inputs } of job.steps) {
        if (!uses?.startsWith("aws-actions/configure-aws-credentials@")) continue;
        const { "role-to-assume": role, "role-duration-seconds": session = roleDefaultSeconds } = inputs;
        const longest = String(role).endsWith("-deploy") ? longestSessionSeconds : roleDefaultSeconds;
        assert.ok(Number(session) >= seconds, `${where}: the role ends after ${session} s, the job after ${seconds} s`);
        assert.ok(Number(session) <= longest, `${where}: the role's longest session is ${longest} s`);
      }
    }
  });
});

describe("runs of a workflow at the same time", () => {
  it("end an earlier preview, and never a deploy", () => {
    assert.deepEqual(workflowOf("preview.yml").concurrency?.["cancel-in-progress"], true);
    for (const name of ["ephemeral", "prod"]) {
      assert.equal(jobOf("deploy.yml", name).concurrency?.["cancel-in-progress"], false);
    }
  });

  it("begin a deploy once `ci` of its commit has passed, and prod's once ephemeral's has", () => {
    const { ci } = workflowOf("deploy.yml").jobs;
    assert.equal(ci !== undefined && "uses" in ci && ci.uses, "./.github/workflows/ci.yml");
    assert.ok("workflow_call" in workflowOf("ci.yml").on);
    assert.equal(jobOf("deploy.yml", "ephemeral").needs, "ci");
    assert.equal(jobOf("deploy.yml", "plan").needs, "ephemeral");
    assert.equal(jobOf("deploy.yml", "prod").needs, "plan");
  });

  it("show a reviewer of prod what the very commit would do, and hold the deploy to that, with its commit's history to compare", () => {
    const [plan, prod, ephemeral] = ["plan", "prod", "ephemeral"].map((name) => jobOf("deploy.yml", name));
    const runs = (job: Job | undefined) => job?.steps.map(({ run }) => run ?? "").join("\n") ?? "";
    assert.match(runs(plan), /^\.\/ds review prod .*--approval "\$RUNNER_TEMP\/approval\.json"$/m);
    assert.match(runs(plan), /^cat .* >> "\$GITHUB_STEP_SUMMARY"$/m);
    assert.match(runs(prod), /^\.\/ds deploy prod --yes --approved "\$RUNNER_TEMP\/approval\/approval\.json"$/m);
    for (const deploying of [ephemeral, prod]) {
      const checkout = deploying?.steps.find(({ uses }) => uses?.startsWith("actions/checkout@"));
      assert.equal(checkout?.with["fetch-depth"], 0);
    }
  });

  // Without it GitHub keeps one that waits, and drops it for the next.
  it("drop no merge that waits for its turn, at any stage of a deploy", () => {
    for (const [name, { concurrency: stage }] of Object.entries(workflowOf("deploy.yml").jobs)) {
      assert.deepEqual(stage, { group: `deploy-${name}`, "cancel-in-progress": false, queue: "max" });
    }
  });

  it("wait for one another where they are about the environment of the same pull request", () => {
    for (const { job } of jobs.filter(({ file }) => file === "environment.yml")) {
      assert.match(job.concurrency?.group ?? "", /^environment-.*github\.event\.pull_request\.number/);
      assert.equal(job.concurrency?.["cancel-in-progress"], false);
    }
    assert.deepEqual(Object.keys(workflowOf("environment.yml").jobs), ["up", "down"]);
  });

  it("bring an environment up for a pull request with the label that is asked for, or by hand for any image", () => {
    const { workflow_dispatch: byHand, pull_request_target: byEvent } = workflowOf("environment.yml").on;
    assert.deepEqual(Object.keys(z.object({ inputs: z.object({}).loose() }).parse(byHand).inputs), ["number", "image"]);
    assert.ok(
      z
        .object({ types: z.array(z.string()) })
        .parse(byEvent)
        .types.includes("labeled"),
    );
    const { if: condition, steps: its } = jobOf("environment.yml", "up");
    assert.match(
      condition,
      /vars\.ENVIRONMENT_LABEL == '' \|\| contains\(.*labels\.\*\.name, vars\.ENVIRONMENT_LABEL\)/,
    );
    const updates = its.filter(({ run }) => run?.includes("ds pr up")).map(({ if: when }) => when);
    assert.deepEqual(updates, [
      "github.event_name == 'pull_request_target'",
      "github.event_name == 'workflow_dispatch'",
    ]);
  });

  it("are never ended when they sweep or look for drift", () => {
    for (const file of ["sweep.yml", "drift.yml"]) {
      assert.equal(workflowOf(file).concurrency?.["cancel-in-progress"], false, file);
    }
  });
});
