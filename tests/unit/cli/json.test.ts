import assert from "node:assert/strict";
import { z } from "zod";
import { checkedThing, asJson as doctorJson } from "../../../cli/doctor";
import { driftFound, asJson as driftJson } from "../../../cli/drift";
import { reviewedStack, asJson as reviewJson } from "../../../cli/review/json";
import { failedPlan, type Plan } from "../../../cli/review/plan";

/** Parses what a command prints, which has to be all that its schema says and nothing else. */
function printed(text: string, schema: z.ZodType): unknown {
  return schema.parse(JSON.parse(text));
}

describe("--json", () => {
  it("of ds doctor is each thing that was looked at, what is wrong first", () => {
    const text = doctorJson([
      { check: "tools", outcome: "ok", found: "all are there" },
      { check: "token", outcome: "skipped", found: "AWS failed" },
      { check: "AWS", outcome: "failed", found: "expired", next: "aws sso login" },
    ]);
    assert.deepEqual(printed(text, z.array(checkedThing)), [
      { check: "AWS", outcome: "failed", found: "expired", next: "aws sso login" },
      { check: "token", outcome: "skipped", found: "AWS failed" },
      { check: "tools", outcome: "ok", found: "all are there" },
    ]);
  });

  it("of ds drift is each difference with the command that undoes it, and what could not be looked for", () => {
    const api = { object: "Deployment datasets-server/api", field: "spec.replicas", what: "changed by kubectl" };
    const stranger = {
      object: "Pod datasets-server/x",
      field: "",
      what: "belongs to no stack",
      undo: "kubectl delete",
    };
    assert.deepEqual(printed(driftJson("prod", [api, stranger], ["Secret"]), driftFound), {
      drift: [{ ...api, undo: "ds pulumi prod -- up --refresh" }, stranger],
      notLookedFor: ["Secret"],
    });
    assert.deepEqual(printed(driftJson("prod", [], []), driftFound), { drift: [], notLookedFor: [] });
  });

  it("of ds review is what each stack's preview says, without a value", () => {
    const value = "value-of-the-test";
    const range = { fewest: 2, most: 4 };
    const api = { kind: "Deployment", name: "api" };
    const plan: Plan = {
      stack: "prod",
      changes: [
        {
          effect: "update",
          ...api,
          namespace: "datasets-server",
          before: { a: value },
          after: { a: `${value}2` },
          touched: ["a"],
          forcing: [],
        },
      ],
      unchanged: 90,
      warnings: ["look out"],
      forecast: {
        workloads: [
          {
            ...api,
            before: range,
            after: range,
            restarts: range,
            order: "new first",
            atOnce: range,
            ready: range,
            deadlineSeconds: 600,
          },
        ],
        undisturbed: 0,
        jobs: [{ name: "migration", deadlineSeconds: 60 }],
        scheduledJobs: [],
        addresses: { gone: ["https://old"], added: [] },
        nodePools: [],
        quota: [],
      },
    };
    const text = reviewJson([plan, failedPlan("ephemeral", "no credentials")]);
    assert.ok(!text.includes(value));
    assert.deepEqual(printed(text, z.array(reviewedStack)), [
      {
        stack: "prod",
        changes: [{ effect: "update", ...api, namespace: "datasets-server", differs: ["a"], forcing: [] }],
        unchanged: 90,
        warnings: ["look out"],
        forecast: {
          workloads: [{ ...api, restarts: range, ready: range, deadlineSeconds: 600 }],
          jobs: ["migration"],
          mostSeconds: 660,
          addressesGone: ["https://old"],
        },
      },
      { stack: "ephemeral", changes: [], unchanged: 0, warnings: [], failure: ["no credentials"] },
    ]);
  });
});
