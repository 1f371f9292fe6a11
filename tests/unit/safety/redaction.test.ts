import assert from "node:assert/strict";
import { projectFolder } from "../../../cli/lib/project";
import { hideValues, holdsValue, PrintableLines, printable, redact } from "../../../safety/redaction";
import { run } from "../../../tools/run";

/** Made up here, in two parts, so that no scanner takes this file for a leak. */
const made = (...parts: string[]) => parts.join("");

/** Values that nobody has told this process, each in a text as programs say it. */
const credentials: Readonly<Record<string, { text: (value: string) => string; value: string }>> = {
  "a hook of Slack": {
    text: (v) => `post to https://hooks.slack.com/${v} failed`,
    value: made("services/T0AB/B0CD/", "xYz123AbC456"),
  },
  "a hook of Discord": {
    text: (v) => `https://discord.com/api/webhooks/${v}`,
    value: made("112233/", "aBcDeF-gh_12345678"),
  },
  "a hook of Teams": {
    text: (v) => `to https://hf.webhook.office.com/webhookb2/${v}`,
    value: made("1f2e@3d4c/IncomingWebhook/", "abc123"),
  },
  "a hook of Google Chat": {
    text: (v) => `https://chat.googleapis.com/v1/spaces/${v}`,
    value: made("AAA/messages?key=k1&token=", "t0k3n"),
  },
  "a token of the Hub": { text: (v) => `HF_TOKEN is ${v}.`, value: made("hf_", "abcdefghij1234567890KLMNOPqrstuvwx") },
  "a token of GitHub": { text: (v) => `remote: ${v}`, value: made("ghs_", "16C7e42F292c6912E7710c838347Ae178B4a") },
  "a fine-grained token of GitHub": {
    text: (v) => `(${v})`,
    value: made("github_pat_", "11ABCDEFG0abcdefghijkl_mnop"),
  },
  "a token of GitLab": { text: (v) => `as ${v}`, value: made("glpat-", "AbCdEf12345678901234") },
  "a token of Slack": { text: (v) => `token=${v}`, value: made("xoxb-", "123456789012-abcdefABCDEF") },
  "a token of npm": {
    text: (v) => `//registry/:_authToken=${v}`,
    value: made("npm_", "abcdefghijklmnopqrstuvwxyz0123456789"),
  },
  "a token of PyPI": { text: (v) => `password = ${v}`, value: made("pypi-", "AgEIcHlwaS5vcmcCJDU1ZmJkNzA0") },
  "a token of a container registry": { text: (v) => v, value: made("dckr_pat_", "abcDEF123456-ghiJKL7890") },
  "a token of Pulumi": {
    text: (v) => `logged in by ${v}`,
    value: made("pul-", "0123456789abcdef0123456789abcdef01234567"),
  },
  "a bearer header": { text: (v) => `Authorization: Bearer ${v}`, value: made("opaque", "/value+with.all~kinds==") },
  "a basic header": { text: (v) => `"authorization": "Basic ${v}"`, value: made("dXNlcjpw", "YXNzd29yZA==") },
  "a JWT": { text: (v) => `got ${v},`, value: made("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxIn0", ".c2lnbmF0dXJl") },
  "an access key of AWS": { text: (v) => `key ${v} is unknown`, value: made("AKIA", "IOSFODNN7EXAMPLE") },
  "a secret key of AWS": {
    text: (v) => `aws_secret_access_key = ${v}`,
    value: made("wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY"),
  },
  "a secret key of AWS in JSON": {
    text: (v) => `"SecretAccessKey": "${v}"`,
    value: made("wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY"),
  },
  "a session token of AWS": {
    text: (v) => `AWS_SESSION_TOKEN=${v}`,
    value: made("IQoJb3JpZ2lu", "X2VjEJr//////////wEaCXVzLWVhc3QtMSJ"),
  },
  "a signed address": {
    text: (v) => `https://b.s3.amazonaws.com/k?X-Amz-Date=2&X-Amz-Signature=${v}`,
    value: made("0123456789abcdef", "fedcba9876543210"),
  },
  "a token of EKS": { text: (v) => `token ${v}`, value: made("k8s-aws-v1.", "aHR0cHM6Ly9zdHMu") },
  "a key of Google": { text: (v) => `key=${v}`, value: made("AIza", "SyA1234567890abcdefghijklmnopqrstuv") },
  "a password in an address": { text: (v) => `mongodb://${v}@host/db`, value: "user:pa55word" },
  "a password with a slash and an @": {
    text: (v) => `cannot reach mongodb://${v}@host:27017/?a=b now`,
    value: "user:p@ss/w#r?d",
  },
  "a password with quotes": { text: (v) => `cannot reach mongodb+srv://${v}@host now`, value: `user:p"a'ss` },
  "a password with white space": { text: (v) => `cannot reach redis://${v}@host now`, value: "user:pass word" },
  "a password with white space and an @, in quotes": {
    text: (v) => `"url": "redis://${v}@host",`,
    value: "user:p@ss w@rd",
  },
  "a password of digits and a slash": { text: (v) => `redis://${v}@host`, value: ":1234/5" },
  "a token as the user of an address": { text: (v) => `https://${v}@example.com/x.git`, value: "t0k3n" },
  "a private key": {
    text: (v) => `key: ${v}\nrest`,
    value: made("-----BEGIN RSA ", "PRIVATE KEY-----\nMIIE\n-----END RSA ", "PRIVATE KEY-----"),
  },
};

describe("redaction", () => {
  for (const [what, { text, value }] of Object.entries(credentials)) {
    it(`leaves nothing of ${what}`, () => {
      const shown = redact(text(value));
      assert.equal(shown, text("[secret]"));
    });
  }

  it("leaves alone what only looks a little like a credential", () => {
    for (const text of [
      "docker.io/library/mongo:6.0@sha256:8b6d8f5bbedb25cb73517b65cf99f13aeb75ad5b157a56c479287a840bbad3ac",
      "cannot reach the Kubernetes API server https://127.0.0.1:6443: ask bob@example.com",
      '{"server":"https://127.0.0.1:6443","image":"mongo:6.0@sha256:8b6d"}',
      "Secret datasets-server-hf-token, key HF_TOKEN, from datasets-server:hfToken; placeholder hf_app_xxxx",
      "arn:aws:eks:us-east-1:707930574880:cluster/hub-prod, hf_datasets_cache, pk-lib, mailto:a@b",
      "https://github.com/huggingface/datasets-server/pull/5, sha-59db0841234567890123456789012345678901234",
      "the Bearer of this token; token: needed; Authorization: missing",
    ]) {
      assert.equal(redact(text), text);
    }
  });

  it("hides a value that it knows in every way that programs write one", () => {
    const value = `Pa$$ <"w/ö+rd'&\\`;
    hideValues([value]);
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const written = {
      "as it is": value,
      "for a URL": encodeURIComponent(value),
      "for a URL, each special character": [...Buffer.from(value)]
        .map((byte) => (/\w/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16)}`))
        .join(""),
      "for a form": new URLSearchParams([["v", value]]).toString().slice(2),
      "in JSON": JSON.stringify(value).slice(1, -1),
      "in the JSON of Go": JSON.stringify(value).slice(1, -1).replace("<", "\\u003c").replace("&", "\\u0026"),
      "in base64": base64(value),
      "in base64 for URLs": Buffer.from(value).toString("base64url"),
      "in base64 within a URL": encodeURIComponent(base64(value)),
    };
    for (const [how, text] of Object.entries(written)) {
      assert.equal(redact(`denied: HF_TOKEN=${text}, it says`), "denied: HF_TOKEN=[secret], it says", how);
      assert.ok(holdsValue(text, value) && !holdsValue(text, `${value}2`), how);
    }
    for (const before of ["u:", "us:", "use:"]) {
      const shown = redact(base64(`${before}${value}`));
      assert.ok(Buffer.from(shown.replace("[secret]", ""), "base64").length <= before.length, shown);
    }
  });

  it("hides each line of a value of several, however it is broken and indented", () => {
    const lines = ["MIIEvQIBADANBgkqhkiG9w0BAQ", "EFAASCBKcwggSjAgEAAoIBAQDX"];
    hideValues([lines.join("\n")]);
    assert.equal(redact(`  ${lines[0]}\r\n    ${lines[1]}`), "  [secret]\r\n    [secret]");
    assert.equal(redact(lines.join("\\n")), "[secret]\\n[secret]");
    const whole = Buffer.from(lines.join("\n")).toString("base64");
    assert.ok(redact(whole).length < 20, redact(whole));
  });

  it("does not take a value of a few characters for a secret, as it would be found everywhere", () => {
    hideValues(["true", ""]);
    assert.equal(redact("it is true"), "it is true");
  });
});

describe("what is printed", () => {
  it("has nothing that a terminal obeys but colours, and nothing that reorders what is read", () => {
    const title = "\u001b]0;owned\u0007";
    const text = `${title}\u001b[31mred\u001b[39m \u001b[2Jgone \u001b[8mhidden \u009b1A \u202erev\b\r\n\tend`;
    assert.equal(
      printable(text),
      "\\u{1b}]0;owned\\u{7}\u001b[31mred\u001b[39m \\u{1b}[2Jgone \\u{1b}[8mhidden \\u{9b}1A \\u{202e}rev\\u{8}\\u{d}\n\tend",
    );
  });

  it("is printable whatever a command gives to its console, up to its last word before it ends", async () => {
    const program = `
      const { hideValues, redactConsole } = require("./safety/redaction");
      redactConsole();
      hideValues(["aSecretOfAll"]);
      console.log("one %s", "aSecretOfAll");
      console.error("two", Buffer.from("aSecretOfAll").toString("base64"), "\\u001b]0;owned");
      console.log("three");
      process.exit(3);`;
    const { code, stdout, stderr } = await run(
      process.execPath,
      ["--require", "ts-node/register/transpile-only", "--eval", program],
      { cwd: projectFolder },
    );
    assert.deepEqual([code, stdout, stderr], [3, "one [secret]\nthree\n", "two [secret] \\u{1b}]0;owned\n"]);
  }).timeout(20_000);

  it("is whole lines, so that no secret is missed for coming in two parts", () => {
    const value = "aSecretInTwoParts";
    hideValues([value]);
    const written: string[] = [];
    const lines = new PrintableLines((text) => written.push(text));
    for (const chunk of ["one\ntwo aSecret", "InTwo", "Parts three\nfour"]) lines.take(chunk);
    assert.deepEqual(written, ["one\n", "two [secret] three\n"]);
    lines.end();
    assert.deepEqual(written.slice(2), ["four"]);
  });

  it("has nothing of a private key that comes line by line", () => {
    const written: string[] = [];
    const lines = new PrintableLines((text) => written.push(text));
    for (const line of [
      "a\n",
      "b -----BEGIN PRIVATE KEY-----\n",
      "MIIEvQIBADANBgkqhkiG\n",
      "-----END PRIVATE KEY-----\n",
      "c\n",
    ]) {
      lines.take(line);
    }
    lines.end();
    assert.equal(written.join(""), "a\nb [secret]\nc\n");
  });
});
