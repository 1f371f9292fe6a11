import assert from "node:assert/strict";
import { DiffKind } from "@pulumi/pulumi/automation";
import { differences } from "../../../cli/review/differences";
import { comment, marker, mostCharacters, wholeReview } from "../../../cli/review/markdown";
import { effects, type Plan, type PlanEvent, readPlan } from "../../../cli/review/plan";
import { hideValues } from "../../../safety/redaction";

const whole = "review-whole.md";

describe("differences between two objects", () => {
  it("are told by the names of list items, not by their places", () => {
    const pod = (variables: Record<string, string>) => ({
      spec: { template: { spec: { containers: [{ name: "api", env: entries(variables) }] } } },
    });
    assert.deepEqual(differences(pod({ A: "1", B: "2", C: "3" }), pod({ B: "2", C: "4", D: "5" })), [
      { where: "pod › container api › env A", removed: ['value: "1"'], added: [] },
      { where: "pod › container api › env C", removed: ['"3"'], added: ['"4"'] },
      { where: "pod › container api › env D", removed: [], added: ['value: "5"'] },
    ]);
  });

  it("tell a changed order once, whatever else changed", () => {
    assert.deepEqual(differences({ env: entries({ A: "1", B: "2" }) }, { env: entries({ B: "2", A: "3" }) }), [
      { where: "env A", removed: ['"1"'], added: ['"3"'] },
      { where: "env, order", removed: ["A, B"], added: ["B, A"] },
    ]);
  });

  it("name volumes, mounts, ports and rules too", () => {
    const service = (port: number) => ({
      spec: {
        ports: [
          { name: "http", port },
          { name: "metrics", port: 9090 },
        ],
      },
    });
    assert.equal(differences(service(80), service(8080))[0]?.where, "spec › port http › port");
    const mounts = (readOnly: boolean) => ({
      volumeMounts: [
        { mountPath: "/data", name: "a", readOnly },
        { mountPath: "/x", name: "a" },
      ],
    });
    assert.equal(differences(mounts(true), mounts(false))[0]?.where, "mount /data › readOnly");
    const ingress = (host: string) => ({ rules: [{ host, http: 1 }] });
    assert.deepEqual(
      differences(ingress("a"), ingress("b")).map(({ where }) => where),
      ["rule a", "rule b"],
    );
  });

  it("show of a list of values what came and went", () => {
    assert.deepEqual(differences({ args: ["a", "b", "c"] }, { args: ["a", "c", "d"] }), [
      { where: "args", removed: ["- b"], added: ["- d"] },
    ]);
  });

  it("show of a text the lines that changed", () => {
    const text = (level: string) => ({ data: { file: `first\nlevel ${level}\nlast\n` } });
    assert.deepEqual(differences(text("low"), text("high")), [
      { where: "data › file", removed: ["level low"], added: ["level high"] },
    ]);
  });

  it("tell a number from the text that looks like it", () => {
    assert.deepEqual(differences({ value: 1 }, { value: "1" }), [{ where: "value", removed: ["1"], added: ['"1"'] }]);
  });
});

describe("a plan", () => {
  it("is one replacement where the engine takes several steps", () => {
    const [before, after] = [object(1, { a: "1" }), object(1, { a: "2" })];
    const steps = [
      step("create-replacement", before, after),
      step("replace", before, after),
      step("delete-replaced", before),
    ];
    const { changes } = readPlan("prod", preview(steps));
    assert.deepEqual(
      changes.map(({ effect, forcing, before, after }) => ({ effect, forcing, before, after })),
      [{ effect: "replace", forcing: ["spec.clusterIP"], before, after }],
    );
  });

  it("has failed for what Pulumi ended with, where no event says why", () => {
    assert.deepEqual(readPlan("prod", [], "\u001b[31merror: no such bucket\u001b[0m\n").failure, ["no such bucket"]);
  });

  it("is none where Pulumi would do what is not known here", () => {
    const unknown: PlanEvent[] = JSON.parse(JSON.stringify(preview([step("same")])).replaceAll("same", "frobnicate"));
    assert.throws(() => readPlan("prod", unknown), /cannot read what Pulumi would do: op frobnicate/);
  });
});

describe("the events of a preview", () => {
  it("are refused without the summary that ends them, as changes may be missing", () => {
    const events = preview([step("create", undefined, { a: "1" })]).slice(0, -1);
    assert.throws(() => readPlan("prod", events), /ended before its summary.*\nNext: run this again/);
  });
});

describe("the comment of a review", () => {
  it("has the whole reason in the place of a preview that was refused, and not the engine's last words", () => {
    const reason = "Service/api would be deleted: ...\nNext, if it is meant: ds deploy prod --allow Service/api";
    const last = [
      "BAIL: run bailed",
      "preview failed",
      "an unhandled error occurred: Program exited with non-zero exit code: 1",
    ];
    const refused = [reason, ...last].map((message) => said("error", `${message}\n`));
    const text = comment([readPlan("prod", refused, ended)], { whole });
    assert.ok(text.includes(`the preview failed\n\nWhat it says:\n\n\`\`\`text\n${reason}\n\`\`\`\n`), text);
  });

  const secrets = ["hf_abcdefghijklmnop", "AKIAABCDEFGHIJKLMNOP", "hunter2", "c2VjcmV0LWtleQ"] as const;
  const [hubToken, awsKey, password, encoded] = secrets;
  const signature = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: encoded };

  it("shows no secret, marked as one or not, wherever it is", () => {
    const env = [
      { name: "MONGO_URL", value: `mongodb://admin:${password}@mongo:27017/?tls=true` },
      { name: "TOKEN", value: hubToken },
    ];
    const plan = readPlan(
      "prod",
      preview([
        step("update", { spec: { env: [] } }, { spec: { env, key: awsKey } }),
        step("create", undefined, { kind: "Secret", data: { KEY: encoded }, stringData: { TOKEN: encoded } }),
        step("replace", { spec: signature }, { spec: { ...signature, ciphertext: `${encoded}2` } }),
      ]),
    );
    const message = `cannot use ${hubToken} at https://a:${password}@host and ${awsKey}`;
    const failed = readPlan("ephemeral", [said("error", message), said("debug", encoded)], ended);
    for (const text of [comment([plan, failed], { whole }), wholeReview([plan, failed])]) {
      assert.deepEqual(
        secrets.filter((secret) => text.includes(secret)),
        [],
      );
      assert.ok(text.includes("mongodb://[secret]@mongo:27017/?tls=true"), text);
      assert.ok(text.includes("TOKEN: [secret]") || text.includes('TOKEN: "[secret]"'), text);
    }
  });

  it("shows none in keys, names, namespaces and paths either", () => {
    const value = "aSecretOfTheStack";
    hideValues([value]);
    const named = { metadata: { name: `a-${value}`, namespace: value }, data: { [value]: "1", [hubToken]: "1" } };
    const other = { ...named, data: { ...named.data, [value]: "2" } };
    const change = {
      ...step("replace", named, other),
      detailedDiff: {
        [`data["${value}"]`]: { diffKind: DiffKind.updateReplace, inputDiff: false },
      },
    };
    const plan = readPlan(
      "prod",
      preview([change, step("create", undefined, { kind: "Secret", data: { [value]: "" } })]),
    );
    for (const text of [comment([plan], { whole }), wholeReview([plan])]) {
      assert.ok(!text.includes(value) && !text.includes(hubToken), text);
      assert.match(text, /forced by `data › \[secret\]`/);
    }
  });

  it("says that a secret changed whose values it does not show", () => {
    const [before, after] = ["1", "2"].map((value) => ({
      kind: "Secret",
      stringData: { TOKEN: `${encoded}${value}` },
    }));
    const change = { ...step("update", before, after), detailedDiff: changed("stringData.TOKEN") };
    const text = comment([readPlan("prod", preview([change]))], { whole });
    assert.match(text, /@@ stringData › TOKEN: a secret, another value that is not shown @@/);
    assert.ok(!text.includes(encoded));
  });

  it("names what the engine would change though the program wants what it wanted before", () => {
    const same = object(1, { a: "1" });
    const change = { ...step("update", same, same), detailedDiff: changed("data.a") };
    assert.match(
      comment([readPlan("prod", preview([change]))], { whole }),
      /@@ data › a: differs from what is live @@/,
    );
  });

  it("shows warnings beside what changes", () => {
    const warning = said("warning", "\u001b[33mwarning: hfToken is a placeholder\u001b[0m");
    const text = comment([readPlan("prod", [warning, { summaryEvent: { resourceChanges: { same: 1 } } }])], { whole });
    assert.match(text, /nothing changes, 1 resource unchanged\n\nIt warns:\n\n```text\nhfToken is a placeholder\n```/);
  });

  it("lets no value out of its block: no fence, no mention, no HTML, no hidden character", () => {
    const hostile = [
      "```\n# heading\n@huggingface/everyone <img src=x onerror=alert(1)>\n```",
      "````\n@ada\n````",
      "</details>\n@ada",
      "\u202etxt.exe\u0000\u001b[31m\r",
      "| a | b |\n@@ @ada @@",
    ];
    const values = Object.fromEntries(hostile.map((value, index) => [`key${index}`, value]));
    const name = "a`@ada`|<b>\n# x";
    const steps = [
      step("update", { metadata: { name } }, { metadata: { name, namespace: name, annotations: values } }),
      step("create", undefined, { metadata: { name }, data: { "@ada": hostile.join("\n") } }),
      { ...step("delete", { metadata: { name } }), urn: `urn:pulumi:prod::p::t::${name}2` },
      { ...step("create", undefined, deployment(`${name} | @ada`)), urn: "urn:pulumi:prod::p::t::deployment" },
    ];
    const failed = readPlan("ephemeral", [said("error", hostile.join("\n"))], ended);
    const plans = [readPlan("prod", preview(steps)), failed];
    for (const text of [comment(plans, { whole }), wholeReview(plans)]) {
      assert.match(text, /^\| .*@ada.* \| 1 more \| no other pod restarts \|/m, "a forecast");
      assert.doesNotMatch(outsideCode(text), /@ada|@huggingface|<img|<b>|# heading|\u202e/);
      assert.doesNotMatch(text.replaceAll("\n", ""), /\p{C}/u);
    }
  });

  it("keeps deletions and replacements first and longest when it is too long, and says what it left out and where the whole is", () => {
    const big = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`key${index}`, "x".repeat(150)]));
    const updates = Array.from({ length: 100 }, (_, index) => step("update", object(index, {}), object(index, big)));
    const creations = Array.from({ length: 900 }, (_, index) => step("create", undefined, object(200 + index, big)));
    const deletions = Array.from({ length: 50 }, (_, index) => step("delete", object(2000 + index, big)));
    const plan = readPlan("prod", preview([...creations, ...updates, ...deletions]));
    const text = comment([plan, unchangedPlan], { whole: `${whole} of https://example.org/run` });
    assert.ok(text.length <= mostCharacters, `${text.length}`);
    assert.ok(text.length > mostCharacters * 0.9, `${text.length}`);
    assert.equal(text.match(/^- \*\*deleted\*\*/gm)?.length, 50);
    assert.equal(text.match(/^- updated/gm)?.length, 100);
    assert.match(text, /cut to the 65,536 characters/);
    assert.match(text, /^- what differs in \d+ updates, \d+ creations$/m);
    assert.match(text, /^The whole: review-whole\.md of https:\/\/example\.org\/run$/m);
    assert.match(text, /\*\*`ephemeral`\*\*: nothing changes, 92 resources unchanged/);
    assert.equal(text.match(/^ *`{3,}/gm)?.length ?? 0, 2 * (text.match(/^ *`{3,}\w+$/gm)?.length ?? 0));
    const all = wholeReview([plan, unchangedPlan]);
    assert.equal(all.match(/^- (created|updated|\*\*deleted)/gm)?.length, 1050);
  });

  it("keeps to the limit whatever there is too much of", () => {
    const many = Array.from({ length: 3000 }, (_, index) => step("delete", object(index, {})));
    const failure = said("error", "word ".repeat(90_000));
    const plans = [
      readPlan("prod", preview(many)),
      ...["ephemeral", "prod-b", "prod-c"].map((stack) => readPlan(stack, [failure], ended)),
    ];
    const text = comment(plans, { whole });
    assert.ok(text.length <= mostCharacters, `${text.length}`);
    assert.match(text, /^- \d+ deletions, not even named here$/m);
  });

  it("keeps to the limit when what it says has to be told by codes, which are longer", () => {
    const failure = said("error", "\u0001".repeat(200_000));
    const text = comment([readPlan("prod", [failure], ended)], { whole });
    assert.ok(text.length <= mostCharacters, `${text.length}`);
    assert.match(text, /\\u\{1\}\\u\{1\}/);
  });

  it("begins with the mark that it is found by", () => {
    assert.ok(comment([unchangedPlan], { whole }).startsWith(marker));
  });

  it("puts the most drastic first", () => {
    const steps = [...effects].reverse().map((op, index) => step(op, object(index, {}), object(index, { a: "1" })));
    const text = comment([readPlan("prod", preview(steps))], { whole });
    const order = [...text.matchAll(/^- \*{0,2}(replaced|deleted|updated|created)/gm)].map(([, verb]) => verb);
    assert.deepEqual(order, ["replaced", "deleted", "updated", "created"]);
  });
});

const unchangedPlan: Plan = { stack: "ephemeral", changes: [], unchanged: 92, warnings: [] };

function entries(variables: Readonly<Record<string, string>>) {
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}

function object(number: number, data: Readonly<Record<string, string>>) {
  return { metadata: { name: `object-${number}` }, data };
}

function deployment(name: string) {
  const selector = { matchLabels: { app: "app" } };
  return { kind: "Deployment", metadata: { name }, spec: { selector, template: { spec: { containers: [] } } } };
}

/** How Pulumi ends where a preview failed. */
const ended = "preview failed";

type Step = NonNullable<PlanEvent["resourcePreEvent"]>["metadata"];

/** A step that Pulumi would take. */
function step(op: Step["op"], before?: Record<string, unknown>, after?: Record<string, unknown>): Step {
  const state = (inputs: Record<string, unknown>) => ({ type: "kubernetes:core/v1:ConfigMap", custom: true, inputs });
  const { name } = Object({ ...before, ...after }.metadata ?? {});
  return {
    op,
    urn: `urn:pulumi:prod::datasets-server::kubernetes:core/v1:ConfigMap::${name ?? op}`,
    ...(before && { old: state(before) }),
    ...(after && { new: state(after) }),
    ...(op.includes("replace") && { keys: ["spec.clusterIP"] }),
  };
}

function changed(field: string) {
  return { [field]: { diffKind: DiffKind.update, inputDiff: false } };
}

function said(severity: string, message: string): PlanEvent {
  return { diagnosticEvent: { severity, message } };
}

function preview(steps: readonly Step[]): PlanEvent[] {
  const summaryEvent = { resourceChanges: { same: 3 } };
  return [...steps.map((metadata) => ({ resourcePreEvent: { metadata } })), { summaryEvent }];
}

/** What of a Markdown text is markup: the text less its code, as CommonMark tells it. */
function outsideCode(text: string): string {
  const withoutBlocks: string[] = [];
  let fence: string | undefined;
  for (const line of text.split("\n")) {
    const [, ticks] = /^ {0,3}(`{3,})/.exec(line) ?? [];
    if (fence === undefined && ticks !== undefined) fence = ticks;
    else if (fence !== undefined && ticks !== undefined && ticks.length >= fence.length && line.trim() === ticks)
      fence = undefined;
    else if (fence === undefined) withoutBlocks.push(line);
  }
  return withoutBlocks.join("\n").replace(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, "");
}
