import * as assert from "node:assert/strict";
import { keptKinds, type Loss, refusePlan, refuseProtected, refuseStep } from "../../../components/losses";

const nothingAllowed = { stack: "prod", allowed: [] };

function loss(kind: Loss["kind"], name: string, fate: Loss["fate"] = "dropped"): Loss {
  return { kind, name, urn: `urn:pulumi:prod::datasets-server::kubernetes:${kind}::${name}`, fate };
}

function complaint(refused: () => void): string {
  try {
    refused();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "";
}

describe("a plan that deletes kept objects", () => {
  const service = loss("Service", "api");
  const deployment = loss("Deployment", "worker", "replaced");

  it("is refused with all of them, what that means, and how to go on", () => {
    assert.equal(
      complaint(() => refusePlan([service, deployment], nothingAllowed)),
      [
        "this run would take from stack prod what carries its traffic or data:",
        "  Deployment/worker would be deleted, if only to be made anew: urn:pulumi:prod::datasets-server::kubernetes:Deployment::worker",
        "  Service/api would be deleted: urn:pulumi:prod::datasets-server::kubernetes:Service::api",
        "What that means:",
        "  Deployment: its pods stop: nobody answers its requests or works on its jobs until other pods are ready",
        "  Service: requests to its name fail, and load balancers lose its pods until they know those of a new one",
        "Next, when it is not meant: put it back as it was",
        'Next, when it is meant, for one run: make deploy STACK=prod ALLOW="Deployment/worker Service/api"',
        '  or DATASETS_SERVER_ALLOW="Deployment/worker Service/api" pulumi up -s prod; first read docs/runbook.md, Delete or replace on purpose',
        "Nothing was touched.",
      ].join("\n"),
    );
  });

  it("says of every kind what goes with it", () => {
    for (const kind of keptKinds) {
      assert.match(
        complaint(() => refusePlan([loss(kind, "x")], nothingAllowed)),
        new RegExp(`What that means:\n  ${kind}: .{30,}\n`),
      );
    }
  });

  for (const [named, allowed] of Object.entries({
    "by their kinds and names": ["Service/api", "Deployment/worker"],
    "by their URNs": [service.urn, deployment.urn],
    "with the whole stack": ["Stack/prod"],
  })) {
    it(`goes on when they are allowed ${named}`, () => {
      refusePlan([service, deployment], { stack: "prod", allowed });
    });
  }

  it("is refused for those that are not allowed, and keeps the permission for the others", () => {
    const message = complaint(() => refusePlan([service, deployment], { stack: "prod", allowed: ["Service/api"] }));
    assert.match(message, /data:\n {2}Deployment\/worker would be .*\nWhat that means:/);
    assert.match(message, /ALLOW="Service\/api Deployment\/worker"\n/);
  });

  it("is refused with a permission for what it does not delete, which may be a misspelt one", () => {
    const message = complaint(() => refusePlan([service], { stack: "prod", allowed: ["Service/apl"] }));
    assert.match(
      message,
      /DATASETS_SERVER_ALLOW: "Service\/apl" is not allowed: this run deletes nothing by that name/,
    );
    assert.match(message, /ALLOW="Service\/api"\n/);
  });

  it("is refused with a permission that has been used, such as one that was left in a shell", () => {
    assert.equal(
      complaint(() => refusePlan([], { stack: "prod", allowed: ["Stack/prod"] })),
      'DATASETS_SERVER_ALLOW: "Stack/prod" is not allowed: this run deletes nothing by that name\nNothing was touched.',
    );
  });

  it("says nothing of permissions when it ended early, as by a fault of the configuration", () => {
    refusePlan([], { stack: "prod", allowed: ["Service/api"] }, { endedEarly: true });
    assert.match(
      complaint(() => refusePlan([service], nothingAllowed, { endedEarly: true })),
      /Service\/api would be deleted/,
    );
  });

  it("is told in few lines, and allowed in one word, when nearly all of a stack goes", () => {
    const many = Array.from({ length: 20 }, (_, index) => loss(index % 2 ? "Secret" : "Ingress", `object-${index}`));
    const message = complaint(() => refusePlan(many, nothingAllowed));
    assert.equal(message.match(/would be deleted/g)?.length, 10);
    assert.match(message, /\n {2}and 10 more: 10 Secret\n/);
    assert.match(message, /make deploy STACK=prod ALLOW="Stack\/prod"/);
  });

  it("goes on when nothing is deleted or allowed", () => refusePlan([], nothingAllowed));
});

describe("an object that the program has under another URN", () => {
  const moved = loss("Deployment", "api", "moved");

  it("is kept whatever is allowed, as nothing would be left of it, and wants an alias", () => {
    const message = complaint(() => refusePlan([moved], { stack: "prod", allowed: ["Stack/prod"] }));
    assert.match(message, /Deployment\/api would be deleted, though the program has it under another URN: urn:/);
    assert.match(message, /give it an alias in its options, or take its old name back/);
    assert.doesNotMatch(message, /ALLOW=/);
  });
});

describe("a claim or a namespace, which the engine protects besides", () => {
  const claim = loss("PersistentVolumeClaim", "files");

  it("is told in the middle of a plan, with all that was found until then, as the plan ends there", () => {
    const message = complaint(() => refuseProtected([loss("Service", "api"), claim], nothingAllowed));
    assert.match(
      message,
      /\n {2}Service\/api would be deleted: .*\n {2}PersistentVolumeClaim\/files would be deleted: /,
    );
    assert.match(message, /its files are deleted\n/);
    assert.match(message, /Nothing was touched\.$/);
  });

  it("is left to the engine's own protection when it is allowed, and nothing else ends a plan", () => {
    refuseProtected([claim], { stack: "prod", allowed: ["PersistentVolumeClaim/files"] });
    refuseProtected([loss("Service", "api")], nothingAllowed);
  });
});

describe("an update that comes to a kept object without a preview", () => {
  const service = loss("Service", "api");

  it("stops there, and says what it leaves", () => {
    const message = complaint(() => refuseStep(service, nothingAllowed));
    assert.match(message, /^this run stopped: of stack prod now Service\/api would be deleted: urn:/);
    assert.match(message, /make deploy STACK=prod ALLOW="Service\/api"/);
    assert.match(message, /What the run did before stays; the next one goes on from there/);
    assert.doesNotMatch(message, /Nothing was touched/);
  });

  it("goes on when it may", () => refuseStep(service, { stack: "prod", allowed: ["Service/api"] }));
});
