import * as assert from "node:assert/strict";
import { strictnessOf } from "../../../config/protection";
import type { Stake } from "../../../safety/effects";
import {
  describeEffect,
  isAllowed,
  type ObjectEffect,
  summarizeEffects,
  type UpdatePermissions,
} from "../../../safety/protection";

const nothingAllowed: UpdatePermissions = { stack: "prod", allowed: [], strictness: strictnessOf({ kind: "prod" }) };
const allowing = (...allowed: readonly string[]) => ({ ...nothingAllowed, allowed });

function deletion(subject: string, text = "would be deleted: it is gone", stake: Stake = "traffic"): ObjectEffect {
  return { subject, stake, verb: "delete", text, urn: `urn:pulumi:prod::datasets-server::${subject}` };
}

const service = deletion("Service/api");
const deployment = deletion("Deployment/worker");
const moved = { ...deletion("Deployment/api"), way: "give the resource this alias" };
const address: ObjectEffect = {
  subject: "LoadBalancer/public",
  stake: "traffic",
  verb: "change",
  text: "would change, as scheme internal becomes internet-facing: AWS makes another one",
};

describe("an effect that needs a permission", () => {
  for (const [named, entry] of Object.entries({
    "by its subject": "Service/api",
    "by its object's URN": service.urn ?? "",
    "with the whole stack": "Stack/prod",
  })) {
    it(`is allowed ${named}`, () => assert.ok(isAllowed(service, allowing("Secret/x", entry))));
  }

  it("is not allowed by the name of another object or stack", () => {
    assert.ok(!isAllowed(service, allowing("Service/apl", "Deployment/api", "Stack/ephemeral")));
    assert.ok(!isAllowed(service, nothingAllowed));
  });

  it("has a message with what happens then, and with the command that allows it", () => {
    assert.equal(
      describeEffect(address, nothingAllowed),
      [
        "LoadBalancer/public would change, as scheme internal becomes internet-facing: AWS makes another one",
        "  Next, if it is not meant: put it back as it was",
        "  Next, if it is meant, for one update: ds deploy prod --allow LoadBalancer/public",
      ].join("\n"),
    );
  });
});

describe("what an update asks for", () => {
  const needsPermission = (kind: Parameters<typeof strictnessOf>[0]["kind"], stake: Stake) =>
    !isAllowed({ ...service, stake }, { ...nothingAllowed, strictness: strictnessOf({ kind }) });

  it("is a permission for what costs data, but on a cluster of one's own", () => {
    assert.ok((["prod", "prod-CLUSTER", "ephemeral", "pr-N"] as const).every((kind) => needsPermission(kind, "data")));
    assert.ok(!needsPermission("local", "data"));
  });

  it("is a permission for what costs traffic in production alone", () => {
    assert.ok((["prod", "prod-CLUSTER"] as const).every((kind) => needsPermission(kind, "traffic")));
    assert.ok(!(["ephemeral", "pr-N", "local"] as const).some((kind) => needsPermission(kind, "traffic")));
  });

  it("is nothing but to read it for what costs neither", () => {
    assert.ok(!needsPermission("prod", "notice"));
  });
});

describe("an effect that no permission makes work", () => {
  it("is never allowed, whatever is", () => {
    assert.ok(!isAllowed(moved, allowing("Stack/prod", "Deployment/api", moved.urn ?? "")));
    assert.ok(!isAllowed(moved, { ...nothingAllowed, strictness: strictnessOf({ kind: "local" }) }));
  });

  it("has a message with what to do in its place, and with no command that allows it", () => {
    const message = describeEffect(moved, nothingAllowed);
    assert.match(message, /^ {2}Next: give the resource this alias$/m);
    assert.doesNotMatch(message, /--allow/);
  });
});

describe("a preview with effects that are not allowed", () => {
  it("says how many there are, and the one command that allows them all", () => {
    assert.equal(
      summarizeEffects([service, deployment], nothingAllowed),
      [
        "this update would delete 2 protected resources of stack prod; no changes were made",
        "Next, if all of it is meant, for one update: ds deploy prod --allow Deployment/worker Service/api",
        '  or, for any command of Pulumi\'s: DATASETS_SERVER_ALLOW="Deployment/worker Service/api" pulumi up -s prod',
        "  First read docs/runbook.md, Delete or replace on purpose",
      ].join("\n"),
    );
  });

  it("counts what several objects share once", () => {
    assert.match(
      summarizeEffects([address, address, service], nothingAllowed),
      /^this update would delete or change 2 protected resources .*\n.*--allow LoadBalancer\/public Service\/api\n/,
    );
  });

  it("keeps in that command what is allowed already", () => {
    assert.match(summarizeEffects([deployment], allowing("Service/api")), /--allow Service\/api Deployment\/worker\n/);
  });

  it("offers no command where nothing can be allowed", () => {
    assert.equal(
      summarizeEffects([moved], allowing("Service/api")),
      "this update would delete 1 protected resource of stack prod; no changes were made",
    );
  });

  it("offers the whole stack when more than ten objects go", () => {
    const many = Array.from({ length: 11 }, (_, index) => deletion(`Secret/object-${index}`));
    assert.match(summarizeEffects(many, nothingAllowed), /delete 11 .*\n.*ds deploy prod --allow Stack\/prod\n/);
  });

  it("names the command of a PR environment where it is for one", () => {
    const permissions = { ...nothingAllowed, stack: "pr-7", command: "ds pr up 7 --image sha-abc1234" };
    assert.match(
      summarizeEffects([service], permissions),
      /update: ds pr up 7 --image sha-abc1234 --allow Service\/api\n/,
    );
  });
});
