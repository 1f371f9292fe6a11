import assert from "node:assert/strict";
import { requireAllowed } from "../../../cli/review/allowed";
import type { Change, Plan } from "../../../cli/review/plan";
import { strictnessOf } from "../../../config/protection";

const claim = (name: string, storage = "8Gi") => ({
  kind: "PersistentVolumeClaim",
  metadata: { name },
  spec: { resources: { requests: { storage } } },
});

/** The plan of an environment in which one claim changes. */
function plan(effect: Change["effect"], before: object, after: object, failure?: readonly string[]): Plan {
  const change: Change = {
    effect,
    kind: "PersistentVolumeClaim",
    name: "new",
    before: { ...before },
    after: { ...after },
    touched: [],
    forcing: [],
  };
  return { stack: "pr-7", changes: [change], unchanged: 0, warnings: [], ...(failure && { failure }) };
}

const permissions = (...allowed: readonly string[]) => ({
  stack: "pr-7",
  allowed,
  strictness: strictnessOf({ kind: "pr-N" }),
  command: "ds pr up 7 --image sha-abc1234",
});

describe("the update of an environment", () => {
  it("is refused where it loses data, by the name of what goes, and goes on where that is allowed", () => {
    const loses = plan("replace", claim("old"), claim("new"));
    assert.throws(
      () => requireAllowed(loses, permissions()),
      /PersistentVolumeClaim\/old would be deleted[\s\S]*no changes were made[\s\S]*ds pr up 7 --image sha-abc1234 --allow PersistentVolumeClaim\/old/,
    );
    requireAllowed(loses, permissions("PersistentVolumeClaim/old"));
  });

  it("is refused where no permission makes it work, before the words of the API server", () => {
    const shrinks = plan("update", claim("new", "8Gi"), claim("new", "4Gi"), ["Forbidden: field can not be less"]);
    assert.throws(
      () => requireAllowed(shrinks, permissions("PersistentVolumeClaim/new")),
      (error: Error) => /would shrink from 8Gi to 4Gi/.test(error.message) && !/Forbidden/.test(error.message),
    );
  });

  it("does not begin where its preview failed", () => {
    const fails = plan("update", claim("new"), claim("new"), ["the API server does not answer"]);
    assert.throws(() => requireAllowed(fails, permissions()), /no changes were made:\nthe API server does not answer/);
  });

  it("has the next step of what the API server said in its preview", () => {
    const said = 'deployments.apps "api" is forbidden: exceeded quota: datasets-server, requested: pods=1';
    const fails = plan("update", claim("new"), claim("new"), [said]);
    assert.throws(() => requireAllowed(fails, permissions()), {
      next: /^the namespace's quota is used up: kubectl describe resourcequota -n datasets-server-pr-7 /,
    });
  });
});
