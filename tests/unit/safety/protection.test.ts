import * as assert from "node:assert/strict";
import {
  type Deletion,
  type DeletionPermissions,
  describeDeletion,
  isAllowed,
  protectedKinds,
  summarizeDeletions,
} from "../../../safety/protection";

const nothingAllowed: DeletionPermissions = { stack: "prod", allowed: [] };

function deletion(kind: Deletion["kind"], name: string, reason: Deletion["reason"] = "dropped"): Deletion {
  return { kind, name, urn: `urn:pulumi:prod::datasets-server::kubernetes:${kind}::${name}`, reason };
}

const service = deletion("Service", "api");
const deployment = deletion("Deployment", "worker", "replaced");
const moved = deletion("Deployment", "api", "moved");

describe("the deletion of a protected object", () => {
  for (const [named, entry] of Object.entries({
    "by its kind and name": "Service/api",
    "by its URN": service.urn,
    "with the whole stack": "Stack/prod",
  })) {
    it(`is allowed ${named}`, () => assert.ok(isAllowed(service, { stack: "prod", allowed: ["Secret/x", entry] })));
  }

  it("is not allowed by the name of another object or stack", () => {
    assert.ok(!isAllowed(service, { stack: "prod", allowed: ["Service/apl", "Deployment/api", "Stack/ephemeral"] }));
    assert.ok(!isAllowed(service, nothingAllowed));
  });

  it("has a message with what happens then, and with the command that allows it", () => {
    assert.equal(
      describeDeletion(service, nothingAllowed),
      [
        "Service/api would be deleted: requests to its name fail, and load balancers lose its pods until they know those of a new one",
        "  Next, if it is not meant: put it back as it was",
        "  Next, if it is meant, for one update: ds deploy prod --allow Service/api",
      ].join("\n"),
    );
    assert.match(
      describeDeletion(deployment, nothingAllowed),
      /^Deployment\/worker would be deleted, and recreated unless this is a destroy: /,
    );
  });

  it("says what happens for every protected kind", () => {
    for (const kind of protectedKinds) {
      assert.match(describeDeletion(deletion(kind, "x"), nothingAllowed), /^\w+\/x would be deleted: .{30,}\n/);
    }
  });
});

describe("an object that the program has under another URN", () => {
  it("is never deleted, whatever is allowed, as nothing would be left of it", () => {
    assert.ok(!isAllowed(moved, { stack: "prod", allowed: ["Stack/prod", "Deployment/api", moved.urn] }));
  });

  it("has a message with the alias that it needs, and with no command that allows it", () => {
    const message = describeDeletion(moved, nothingAllowed);
    assert.match(message, /^Deployment\/api would be deleted, though the program has it under another URN/);
    assert.ok(message.includes(`give the resource this alias in its options, or take its old name back: ${moved.urn}`));
    assert.doesNotMatch(message, /--allow/);
  });
});

describe("a preview with deletions that are not allowed", () => {
  it("says how many there are, and the one command that allows them all", () => {
    assert.equal(
      summarizeDeletions([service, deployment], nothingAllowed),
      [
        "this update would delete 2 protected resources of stack prod; no changes were made",
        "Next, if all of it is meant, for one update: ds deploy prod --allow Deployment/worker Service/api",
        '  or, for any command of Pulumi\'s: DATASETS_SERVER_ALLOW="Deployment/worker Service/api" pulumi up -s prod',
        "  First read docs/runbook.md, Delete or replace on purpose",
      ].join("\n"),
    );
  });

  it("keeps in that command what is allowed already", () => {
    const message = summarizeDeletions([deployment], { stack: "prod", allowed: ["Service/api"] });
    assert.match(message, /--allow Service\/api Deployment\/worker\n/);
  });

  it("offers no command where nothing but moved objects is left", () => {
    assert.equal(
      summarizeDeletions([moved], { stack: "prod", allowed: ["Service/api"] }),
      "this update would delete 1 protected resource of stack prod; no changes were made",
    );
  });

  it("offers the whole stack when more than ten objects go", () => {
    const many = Array.from({ length: 11 }, (_, index) => deletion("Secret", `object-${index}`));
    assert.match(summarizeDeletions(many, nothingAllowed), /delete 11 .*\n.*ds deploy prod --allow Stack\/prod\n/);
  });
});
