import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { projectFolder } from "../../cli/lib/project";
import { problemsOf } from "../support/commandLine";

const permissions = z.record(z.string(), z.string());

const step = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  env: z.record(z.string(), z.string()).default({}),
  with: z.record(z.string(), z.unknown()).default({}),
});

const concurrency = z.object({ group: z.string(), "cancel-in-progress": z.union([z.boolean(), z.string()]) });

const job = z.looseObject({
  if: z.string().default(""),
  "runs-on": z.string(),
  "timeout-minutes": z.number(),
  environment: z.string().optional(),
  permissions,
  concurrency: concurrency.optional(),
  steps: z.array(step),
});

const workflow = z.looseObject({
  on: z.record(z.string(), z.unknown()),
  permissions,
  concurrency: concurrency.optional(),
  jobs: z.record(z.string(), job),
});

type Job = z.infer<typeof job>;

const folder = path.join(projectFolder, ".github/workflows");
const texts = new Map(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), "utf8")]));
const workflows = new Map([...texts].map(([name, text]) => [name, workflow.parse(parse(text))]));

const jobs = [...workflows].flatMap(([file, { on, jobs }]) =>
  Object.entries(jobs).map(([name, each]) => ({ where: `${file}: ${name}`, events: Object.keys(on), job: each })),
);
const steps = jobs.flatMap(({ where, job }) => job.steps.map((each) => ({ where, step: each })));

/** The words of a line of shell; variables stand for themselves, and what is written to a file is left out. */
function wordsOf(line: string): string[] {
  const words = line.replace(/ >>? .*$/, "").matchAll(/(?:"[^"]*"|[^\s"])+/g);
  return [...words].map(([word]) => word.replaceAll('"', ""));
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

describe("the workflows", () => {
  it("start with no permission, and state each job's own", () => {
    for (const [file, { permissions: all }] of workflows) assert.deepEqual(all, {}, file);
    for (const { where, job } of jobs) {
      const { contents, ...others } = job.permissions;
      assert.equal(contents, "read", where);
      const writing = Object.entries(others)
        .filter(([, access]) => access === "write")
        .map(([right]) => right);
      const allowed = ["id-token", "issues", "pull-requests"];
      assert.deepEqual(
        writing.filter((right) => !allowed.includes(right)),
        [],
        where,
      );
    }
  });

  it("pin every action by the hash of a release, and say which release it is", () => {
    const setup = readFileSync(path.join(projectFolder, ".github/actions/setup/action.yml"), "utf8");
    for (const [file, text] of [...texts, ["setup", setup] as const]) {
      const uses = text.split("\n").filter((line) => /^\s*(- )?uses: /.test(line));
      assert.ok(uses.length > 0, file);
      for (const line of uses) {
        assert.match(line, /uses: (\.\/\.github\/actions\/setup|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/, file);
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

  it("assume only roles that the documents describe, and only within an environment", () => {
    const documented = ["access.md", "workflows.md"]
      .map((name) => readFileSync(path.join(projectFolder, "docs", name), "utf8"))
      .join("\n");
    for (const { where, job } of jobs) {
      const roles = job.steps.flatMap((each) => each.with["role-to-assume"] ?? []);
      const expected = job.permissions["id-token"] === "write" ? 1 : 0;
      assert.deepEqual([roles.length, job.environment === undefined ? 0 : 1], [expected, expected], where);
    }
    for (const [file, text] of texts) {
      for (const [role] of text.matchAll(/datasets-server-(hub-\w+-)?(deploy|preview)\b/g)) {
        assert.ok(documented.includes(`\`${role}\``), `${file}: ${role}`);
      }
    }
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
    const { plan, comment } = workflowOf("preview.yml").jobs;
    assert.equal(plan?.if, sameRepository);
    assert.equal(comment?.needs, "plan");
    assert.ok(comment?.if.includes("needs.plan.result == 'success'"));
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

  it("end by themselves when something hangs", () => {
    for (const { where, job } of jobs) assert.ok(job["timeout-minutes"] <= 120, where);
  });
});

describe("runs of a workflow at the same time", () => {
  it("end an earlier preview, and never a deploy", () => {
    assert.deepEqual(workflowOf("preview.yml").concurrency?.["cancel-in-progress"], true);
    const { ephemeral, plan, prod } = workflowOf("deploy.yml").jobs;
    assert.deepEqual(ephemeral?.concurrency, { group: "deploy-ephemeral", "cancel-in-progress": false });
    assert.deepEqual(prod?.concurrency, { group: "deploy-prod", "cancel-in-progress": false });
    assert.deepEqual([plan?.needs, prod?.needs], ["ephemeral", "plan"]);
  });

  it("show a reviewer of prod what the very commit would do, and hold the deploy to that, with its commit's history to compare", () => {
    const { plan, prod, ephemeral } = workflowOf("deploy.yml").jobs;
    const runs = (job: Job | undefined) => job?.steps.map(({ run }) => run ?? "").join("\n") ?? "";
    assert.match(runs(plan), /^\.\/ds review prod .*--approval "\$RUNNER_TEMP\/approval\.json"$/m);
    assert.match(runs(plan), /^cat .* >> "\$GITHUB_STEP_SUMMARY"$/m);
    assert.match(runs(prod), /^\.\/ds deploy prod --yes --approved "\$RUNNER_TEMP\/approval\.json"$/m);
    for (const deploying of [ephemeral, prod]) {
      const checkout = deploying?.steps.find(({ uses }) => uses?.startsWith("actions/checkout@"));
      assert.equal(checkout?.with["fetch-depth"], 0);
    }
  });

  it("wait for one another where they are about the environment of the same pull request", () => {
    const { concurrency: one, jobs: both } = workflowOf("environment.yml");
    assert.match(one?.group ?? "", /^environment-.*github\.event\.pull_request\.number/);
    assert.equal(one?.["cancel-in-progress"], false);
    assert.deepEqual(Object.keys(both), ["up", "down"]);
  });

  it("are never ended when they sweep or look for drift", () => {
    for (const file of ["sweep.yml", "drift.yml"]) {
      assert.equal(workflowOf(file).concurrency?.["cancel-in-progress"], false, file);
    }
  });
});
