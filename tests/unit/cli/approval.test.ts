import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Approval, approvalOf, readApproval, requireApproved } from "../../../cli/review/approval";
import type { Change, Plan } from "../../../cli/review/plan";

const commit = "8043b9b0a1c2d3e4f5061728394a5b6c7d8e9f00";

function update(spec: Readonly<Record<string, unknown>>, more: Partial<Change> = {}): Change {
  const about = { effect: "update", kind: "Deployment", name: "api", namespace: "here" } as const;
  return {
    ...about,
    before: { spec: { replicas: 1, image: "a" } },
    after: { spec },
    touched: [],
    forcing: [],
    ...more,
  };
}

const planOf = (changes: readonly Change[]): Plan => ({ stack: "prod", changes, unchanged: 0, warnings: [] });

const token = { stringData: { TOKEN: "[secret]" } };
const secret = update({}, { kind: "Secret", before: token, after: token, touched: ["stringData.TOKEN"] });

describe("what was approved of a plan", () => {
  const approved = planOf([update({ replicas: 2, image: "a" })]);
  const approval = approvalOf(approved, commit);

  it("lets the same be deployed, whatever order Pulumi takes, and says no value", () => {
    requireApproved(approved, commit, approval);
    const other = update({}, { kind: "Job", effect: "delete" });
    const both = [other, ...approved.changes];
    requireApproved(planOf([...both].reverse()), commit, approvalOf(planOf(both), commit));
    const image = update({ replicas: 1, image: "mongodb.example.org" });
    assert.ok(!JSON.stringify(approvalOf(planOf([image, secret]), commit)).includes("example"));
    requireApproved(planOf([secret]), commit, approvalOf(planOf([secret]), commit));
  });

  const refusals: Readonly<Record<string, readonly [plan: Plan, commit: string | undefined, why: RegExp]>> = {
    "another value": [planOf([update({ replicas: 3, image: "a" })]), commit, /another spec › replicas than approved/],
    "another field": [planOf([update({ replicas: 2, image: "b" })]), commit, /another spec › image than approved/],
    "another object": [
      planOf([...approved.changes, update({}, { name: "rows" })]),
      commit,
      /update Deployment here\/rows: not approved/,
    ],
    "another effect": [
      planOf([update({ replicas: 2, image: "a" }, { effect: "replace" })]),
      commit,
      /update Deployment here\/api: approved, and not to be done any more\n {2}replace Deployment here\/api: not approved/,
    ],
    "a secret that pods do not read": [
      planOf([...approved.changes, secret]),
      commit,
      /update Secret here\/api: not approved/,
    ],
    "nothing, where something was approved": [planOf([]), commit, /not to be done any more/],
    "another commit": [approved, "0".repeat(40), /it is of commit 0{40}, approved was 8043/],
    "another stack": [{ ...approved, stack: "ephemeral" }, commit, /it is of stack ephemeral, approved was prod/],
    "a preview that fails": [
      { ...approved, failure: ["no such bucket"] },
      commit,
      /no changes were made:\nno such bucket/,
    ],
  };
  for (const [what, [plan, of, why]] of Object.entries(refusals)) {
    it(`refuses ${what}`, () => assert.throws(() => requireApproved(plan, of, approval), why));
  }

  it("is read from a file, and nothing else is taken for one", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "datasets-server-approval-"));
    const file = path.join(folder, "approval.json");
    try {
      await assert.rejects(readApproval(file), /is no approval; no changes were made\nNext: ds review/);
      await writeFile(file, JSON.stringify(approval));
      assert.deepEqual(await readApproval(file), approval satisfies Approval);
      await writeFile(file, '{"stack": "prod"}');
      await assert.rejects(readApproval(file), /is no approval/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
