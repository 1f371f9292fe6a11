import * as assert from "node:assert/strict";
import { Document } from "yaml";
import { complaintsAbout, ourObjects } from "../../support/parity";
import { type Entry, readEntries } from "../../support/parity/differences";
import { type AnyObject, anyObject } from "../../support/parity/shapes";
import { componentOf } from "../../support/parity/surroundings";
import { type Change, changes } from "./changes";

/** Our objects with one change. */
async function changed({ stack = "prod", ...change }: Change): Promise<unknown[]> {
  const objects = (await ourObjects(stack)).map((object) => anyObject.parse(object));
  const found = objects.filter((object) => isMeant(object, change));
  assert.equal(found.length, 1, `${change.kind} of ${change.component}: ${found.length} found, 1 expected`);
  return objects.map((object) => (isMeant(object, change) ? edited(object, change) : object));
}

function isMeant(object: AnyObject, { kind, component, internal = false }: Change): boolean {
  return (
    object.kind === kind && componentOf(object) === component && object.metadata.name.endsWith("-internal") === internal
  );
}

function edited(object: AnyObject, { at, to }: Change): unknown {
  const document = new Document(object, { aliasDuplicateObjects: false });
  assert.ok(to !== undefined || document.hasIn(at), `there is nothing at ${at.join(".")} to take out`);
  if (to === undefined) {
    document.deleteIn(at);
  } else {
    document.setIn(at, to);
  }
  return document.toJS();
}

describe("parity notices", () => {
  for (const [name, change] of Object.entries(changes)) {
    it(name, async () => {
      const { stack = "prod", noticed } = change;
      const before = await complaintsAbout(stack);
      const after = await complaintsAbout(stack, { objects: await changed(change) });
      const added = after.filter((complaint) => !before.includes(complaint));
      const begun = added.map((complaint, index) => complaint.slice(0, noticed[index]?.length));
      assert.deepEqual(begun, noticed, added.join("\n"));
    });
  }

  it("an object that is not there", async () => {
    const objects = (await ourObjects("prod")).filter(({ kind }) => kind !== "ServiceAccount");
    const complaints = await complaintsAbout("prod", { objects });
    assert.ok(
      complaints.some((complaint) => complaint.startsWith("prod, own (serviceAccounts)")),
      complaints.join("\n"),
    );
  });

  it("a field or a kind that it has not been taught to compare", async () => {
    const hostNetwork: Change = {
      kind: "Deployment",
      component: "api",
      at: ["spec", "template", "spec", "hostNetwork"],
      to: true,
      noticed: [],
    };
    const complain = async (objects: unknown[]) => complaintsAbout("prod", { objects });
    await assert.rejects(complain(await changed(hostNetwork)), /hostNetwork/);
    const quota = { kind: "ResourceQuota", metadata: { name: "all" } };
    await assert.rejects(complain([...(await ourObjects("prod")), quota]), /ResourceQuota all is of a kind/);
  });
});

describe("an entry of docs/differences.md", () => {
  const entry: Entry = { stack: "prod", where: "deployments > api > replicas", chart: 20, ours: 21, why: "More." };
  const document = (entries: readonly unknown[]) => `text\n\n\`\`\`yaml\n${JSON.stringify(entries)}\n\`\`\`\n`;
  const complaintsWith = async (added: Entry) => {
    const [before, after] = await Promise.all([complaintsAbout("prod"), complaintsAbout("prod", { added: [added] })]);
    return after.filter((complaint) => !before.includes(complaint));
  };

  it("fails when it matches no difference", async () => {
    const [complaint, ...others] = await complaintsWith(entry);
    assert.match(
      complaint ?? "",
      /^prod: .* deployments > api > replicas is 20 in the chart and 21 here, which is not so/,
    );
    assert.deepEqual(others, []);
  });

  it("fails where * stands for a component that has no such difference", async () => {
    const complaints = await complaintsWith({ ...entry, where: "monitors > * > path", chart: "/metrics", ours: "/x" });
    assert.equal(complaints.length, 9);
  });

  it("fails where * stands for no component, and where another entry has the same path right", async () => {
    const stale = { where: "deployments > api > rollout > minReadySeconds", chart: 0, ours: 5 };
    for (const wrong of [{ where: "pods > nobody-* > env > HOME", chart: "absent", ours: "/tmp" }, stale]) {
      assert.equal((await complaintsWith({ ...entry, ...wrong })).length, 1, wrong.where);
    }
  });

  it("fails when another one has the same reason for being there", async () => {
    const twin = { where: "deployments > api > rollout > minReadySeconds", chart: 0, ours: 10 };
    assert.deepEqual(await complaintsWith({ ...entry, ...twin }), [
      "prod: deployments > api > rollout > minReadySeconds has two entries; keep one",
    ]);
  });

  const tooWide = [
    "*",
    "pods > *",
    "pods > api > *",
    "pods > api > env > *",
    "pods > api > env > API_*",
    "* > api > replicas",
  ];
  for (const where of tooWide) {
    it(`may not be as wide as ${where}`, () => {
      assert.throws(() => readEntries(document([{ ...entry, where }])), /a path that names one fact/);
    });
  }

  it("must say what both systems have, and why", () => {
    for (const missing of ["chart", "ours", "why"]) {
      const rest = Object.entries(entry).filter(([name]) => name !== missing);
      assert.throws(() => readEntries(document([Object.fromEntries(rest)])), new RegExp(missing));
    }
    assert.deepEqual(readEntries(document([entry])), [entry]);
  });
});
