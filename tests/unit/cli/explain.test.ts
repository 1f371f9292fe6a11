import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { variables } from "../../../catalog/variables";
import { createProgram } from "../../../cli/commandLine";
import { completionScript } from "../../../cli/commandLine/completion";
import { explanation } from "../../../cli/explain";
import { knownPaths } from "../../../cli/explain/keys";
import { type ExplainedStack, readStacks } from "../../../cli/explain/stacks";
import { projectFolder } from "../../../cli/lib/project";
import { settable } from "../../../config/env";
import { placeholders } from "../../../config/schema";

const folder = path.join(projectFolder, "tests/fixtures/stacks");

/** The line of a fixture that a text is on, as `ds explain` says it. */
function placeOf(file: string, text: string): string {
  const lines = readFileSync(path.join(folder, file), "utf8").split("\n");
  const index = lines.findIndex((line) => line.includes(text));
  return `${file}:${index + 1}`;
}

describe("ds explain", () => {
  let stacks: readonly ExplainedStack[];

  before(() => {
    stacks = readStacks((stack) => path.join(folder, `Pulumi.${stack.startsWith("pr-") ? "ephemeral" : stack}.yaml`));
  });

  const explain = (name: string) => explanation(name, stacks, Number.POSITIVE_INFINITY);

  it("shows what a variable is, its value in each stack, where that is set, and which pods a change restarts", () => {
    assert.equal(
      explain("WORKER_SLEEP_SECONDS"),
      `WORKER_SLEEP_SECONDS: How long a worker that found no job waits before it looks again.

what it may be  number above 0 and up to 3600 (seconds); default 5
read by         workers
documentation   docs/configuration.md#WORKER_SLEEP_SECONDS

stack      value  from
prod       5      default
ephemeral  5      default
local      5      default
pr-N       5      default

A change restarts:
prod       Deployments worker-heavy, worker-light, worker-medium
ephemeral  Deployments worker-all, worker-light
local      Deployments worker-heavy, worker-light
pr-N       Deployments worker-all, worker-light`,
    );
  });

  it("names file and line, and a workload's own value apart from that of all others", () => {
    const text = explain("LOG_LEVEL");
    assert.match(text, new RegExp(`^prod +INFO +${placeOf("Pulumi.prod.yaml", "LOG_LEVEL: INFO")}$`, "m"));
    assert.match(text, /^prod, backfill +DEBUG +Pulumi\.prod\.yaml:\d+$/m);
    assert.match(text, /^prod, backfill +CronJob backfill \(from the next run\)$/m);
    const all = /^prod {2,}(Deployments .*)$/m.exec(text)?.[1] ?? "";
    assert.doesNotMatch(all, /backfill/);
    assert.match(all, /Job mongodb-migration \(runs again\)$/);
  });

  it("finds what follows a variable that nothing sets, and others that are derived from it", () => {
    assert.match(explain("PRESIDIO_ENTITIES_SCAN_COLUMNS_MAX_NUMBER"), /not set by default, which means 10/);
    assert.match(explain("PRESIDIO_ENTITIES_SCAN_COLUMNS_MAX_NUMBER"), /^prod +Deployments worker-heavy, /m);
    // HF_ENDPOINT and the URL of the Hub's keys follow from it.
    assert.match(explain("COMMON_HF_ENDPOINT"), /^prod +Deployments admin, api, .*, sse-api, webhook, worker-heavy/m);
  });

  it("shows the values of a derived variable as the pods have them", () => {
    const text = explain("WORKER_DIFFICULTY_MAX");
    assert.match(text, /^prod, worker-heavy +100 +derived from workers\.<pool>\.difficulty$/m);
    assert.match(text, /^prod, worker-light +Deployment worker-light$/m);
  });

  it("shows what PR environments have of their own", () => {
    assert.match(explain("ASSETS_STORAGE_ROOT"), /^pr-N +\S+\/assets\/pr-N +derived for PR environments$/m);
    assert.match(explain("images.tag"), /^pr-N +its own image +derived for PR environments$/m);
    assert.match(explain("jobs.backfill.schedule"), /^pr-N +not set$/m);
  });

  it("explains a key of a stack file, by its name with or without the program's prefix", () => {
    const text = explain("services.api.replicas");
    assert.match(text, /^what it may be {2}a whole number from 0 to 500 \(pods\)$/m);
    assert.match(text, /^documentation {3}docs\/configuration\.md#services\.name\.replicas$/m);
    assert.match(text, /^prod +20 +Pulumi\.prod\.yaml:\d+$/m);
    assert.match(text, /^prod +nothing; changes Deployment api and PrometheusRule alerts$/m);
    assert.equal(explain("datasets-server:services.api.replicas"), text);
  });

  it("says of a change that adds or removes a workload which one", () => {
    assert.match(explain("standby"), /^prod +removes Job mongodb-migration$/m);
  });

  it("says nothing of restarts where a change makes no difference to the objects", () => {
    assert.doesNotMatch(explain("pullRequest.lifetime"), /restarts/);
  });

  it("shows all values within a map", () => {
    const text = explain("workers.heavy");
    assert.match(text, /^key +prod +ephemeral +local +pr-N$/m);
    assert.match(text, /^difficulty\.min +70 +not set +40 +not set$/m);
  });

  it("shows of a secret the Secret and its readers, and never a value", () => {
    const text = explain("hfToken");
    assert.match(text, /^prod +Pulumi\.prod\.yaml:\d+ +datasets-server-hf-token +HF_TOKEN$/m);
    assert.match(text, /^set it with +ds pulumi STACK -- config set --secret datasets-server:hfToken$/m);
    // A pull request's code gets a token of its own.
    assert.match(text, /^pr-N +not read$/m);
    assert.match(explain("pullRequestHfToken"), /^pr-N +Pulumi\.ephemeral\.yaml:\d+ +datasets-server-hf-token/m);
    assert.match(explain("QUEUE_MONGO_URL"), /^local +the stack's own MongoDB +datasets-server-mongo +MONGO_URL$/m);
    for (const key of Object.keys(placeholders)) assert.doesNotMatch(explain(key), /secure|v1:|\[secret\]/, key);
  });

  it("does not say that the migration runs again for a changed secret", () => {
    assert.doesNotMatch(explain("mongoUrl"), /mongodb-migration/);
  });

  it("completes the names of variables", () => {
    assert.match(completionScript("bash", createProgram()), /'explain'\) echo ".*\bWORKER_SLEEP_SECONDS\b/);
  });

  it("refuses an unknown name, and suggests the closest", () => {
    const refused = (name: string, next: string) => assert.throws(() => explain(name), { name: "UserError", next });
    refused("WORKER_SLEEP_SECOND", "did you mean WORKER_SLEEP_SECONDS?");
    refused("workers.heavvy", "did you mean workers.heavy?");
    refused("services.api.replica", "did you mean services.api.replicas?");
    refused("replicas", "for example services.admin.replicas, services.api.replicas, services.rows.replicas");
    refused("nothing-like-it", "see docs/configuration.md, which has all variables and keys");
  });

  it("explains every variable and every key, with an anchor that docs/configuration.md has", () => {
    const document = readFileSync(path.join(projectFolder, "docs/configuration.md"), "utf8");
    // Others have their objects built anew, which takes long.
    const quick = Object.keys(variables).filter((name) => !settable.some((variable) => variable.name === name));
    for (const name of [
      ...quick,
      ...Object.keys(placeholders),
      ...knownPaths(stacks).filter((key) => !key.includes(".")),
    ]) {
      const [, anchor = ""] = /docs\/configuration\.md#(\S+)/.exec(explain(name)) ?? [];
      assert.ok(document.includes(`<a id="${anchor}"></a>`), `${name}: #${anchor}`);
    }
  });
});
