import * as assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { secretMarker } from "../../../catalog/secrets";
import { type ConfigValues, type Parsed, parse } from "../../../config/parse";
import { parseStackFile } from "../../../config/stackFile";
import { fixtureText } from "../../support/stackConfig";

/** Parses the text of a stack file, without process, engine or decryption; `plain` are secrets that can be read. */
function parsed(
  stack: string,
  text: string,
  variables: NodeJS.ProcessEnv = {},
  plain: Record<string, string> = {},
): Parsed {
  return parse(stack, parseStackFile(Buffer.from(text), `Pulumi.${stack}.yaml`).config, {
    variables,
    secret: () => pulumi.secret(secretMarker),
    plainSecret: (key) => plain[key],
  });
}

function issuesOf(result: Parsed): string[] {
  return result.ok ? [] : result.issues.map(({ at, key, message }) => `${at ? `${at}: ` : ""}${key}: ${message}`);
}

describe("the parse of a stack's configuration", () => {
  for (const stack of ["prod", "ephemeral", "local", "pr-7"]) {
    it(`makes the arguments of stack ${stack} from the text of its file alone`, () => {
      const result = parsed(stack, fixtureText(stack));
      assert.deepEqual(issuesOf(result), []);
      assert.ok(result.ok);
      assert.equal(result.stack.config.datasetsServer.scope.stack, stack);
      assert.deepEqual(result.warnings, []);
    });
  }

  it("knows the environment only from what it is given", () => {
    const variables = { DATASETS_SERVER_PR_IMAGE_TAG: "sha-abc1234" };
    const { PATH } = process.env;
    const result = parsed("pr-7", fixtureText("pr-7"), variables);
    assert.ok(result.ok);
    assert.equal(result.stack.config.datasetsServer.images.tag, "sha-abc1234");
    assert.deepEqual(process.env.PATH, PATH);
    const wrong = parsed("pr-7", fixtureText("pr-7"), { DATASETS_SERVER_PR_IMAGE_TAG: "latest" });
    assert.match(issuesOf(wrong).join("\n"), /^DATASETS_SERVER_PR_IMAGE_TAG: got "latest"/);
  });

  it("leaves to its caller whether a secret that nobody has set is refused", () => {
    const { ok, warnings } = parsed("prod", fixtureText("prod"), {}, { hfToken: "hf_app_xxxx" });
    assert.equal(ok, true);
    assert.deepEqual(
      warnings.map(({ key }) => key),
      ["datasets-server:hfToken"],
    );
  });

  it("tells of the file's text and of its values at once, and of a value whose text is in doubt only once", () => {
    const text = fixtureText("prod")
      .replace("replicas: 20", "replicas: 0b+1")
      .replace("tag: sha-59db084", "tag: latest")
      .replace("LOG_LEVEL: INFO", "LOG_LEVEL:");
    const lines = text.split("\n");
    const line = (start: string) => lines.findIndex((content) => content.trim().startsWith(start)) + 1;
    assert.deepEqual(issuesOf(parsed("prod", text)), [
      `Pulumi.prod.yaml:${line("LOG_LEVEL:")}:15: datasets-server:env.LOG_LEVEL: has no value; write one, or remove the key`,
      `Pulumi.prod.yaml:${line("replicas: 0b+1")}:17: datasets-server:services.api.replicas: can be read in two ways; write "0b+1" in quotes`,
      `Pulumi.prod.yaml:${line("tag: latest")}:5: datasets-server:images.tag: got "latest"; expected "sha-" followed by 7 to 40 ` +
        "hex digits, such as sha-59db084",
    ]);
  });

  it("says where a key is, or the closest one around it that is there", () => {
    const text = fixtureText("prod").replace("replicas: 20", "replica: 20");
    const line = text.split("\n").findIndex((content) => content.includes("replica: 20")) + 1;
    assert.deepEqual(issuesOf(parsed("prod", text)), [
      `Pulumi.prod.yaml:${line - 1}:5: datasets-server:services.api.replicas: missing; expected a whole number from 0 to 500 (pods)`,
      `Pulumi.prod.yaml:${line}:7: datasets-server:services.api.replica: unknown key; did you mean replicas?`,
    ]);
  });

  it("takes keys as Pulumi does: without the project's name, and with config between", () => {
    const [short, long] = ["stacks:", "config:stacks:"].map((key) =>
      fixtureText("prod").replace("datasets-server:stacks:", key === "stacks:" ? key : `datasets-server:${key}`),
    );
    assert.deepEqual(issuesOf(parsed("prod", short ?? "")), []);
    assert.deepEqual(issuesOf(parsed("prod", long ?? "")), []);
    const twice = fixtureText("prod").replace("config:\n", "config:\n  stacks: [prod]\n");
    assert.deepEqual(issuesOf(parsed("prod", twice)), [
      "Pulumi.prod.yaml:5:3: datasets-server:stacks: is in Pulumi.prod.yaml twice; remove one",
    ]);
  });

  it("sees that a value is encrypted in part", () => {
    const text = fixtureText("prod").replace("tag: sha-59db084", "tag: {secure: v1:abc}");
    assert.deepEqual(issuesOf(parsed("prod", text)), [
      "Pulumi.prod.yaml:11:3: datasets-server:images: is encrypted, and objects show it in the clear; write it without --secret",
    ]);
  });

  it("never repeats a secret that is not encrypted, nor a line that is no YAML", () => {
    const key = "datasets-server:hfToken";
    const clear = fixtureText("prod").replace(/(datasets-server:hfToken:)\n.*\n/, "$1 5_000_111\n");
    const said = issuesOf(parsed("prod", clear));
    assert.deepEqual(said.length, 1);
    assert.match(
      said[0] ?? "",
      /^Pulumi\.prod\.yaml:\d+:\d+: datasets-server:hfToken: can be read in two ways; encrypt it with: ds pulumi/,
    );
    const broken = issuesOf(
      parsed("prod", fixtureText("prod").replace(/(datasets-server:hfToken:)\n.*\n/, "$1 hf_a: b\n")),
    );
    assert.match(broken.join("\n"), /^Pulumi\.prod\.yaml:\d+:\d+: is no valid YAML \([a-z ]+\); correct that line$/);
    for (const text of [...said, ...broken]) assert.doesNotMatch(text, /5_000_111|5000111|hf_a/, key);
  });

  it("says of a file without content only that", () => {
    const nothing: ConfigValues = parseStackFile(Buffer.from(""), "Pulumi.prod.yaml").config;
    assert.equal(nothing.issues.length, 1);
    assert.deepEqual(issuesOf(parsed("prod", "")), [
      "Pulumi.prod.yaml:1:1: is empty; give it config: and the keys that docs/configuration.md names",
    ]);
    assert.deepEqual(issuesOf(parsed("prod", "encryptionsalt: v1:a\n")), [
      "Pulumi.prod.yaml: has no map config: at its top; expected one with the keys that docs/configuration.md names",
    ]);
    assert.match(issuesOf(parsed("staging", "")).join(), /^stack: there is no stack staging; expected one of prod, /);
  });
});
