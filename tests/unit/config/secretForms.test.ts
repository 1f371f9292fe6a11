import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { isSecretKey, secretKeys, secretMarker, secretNamed } from "../../../catalog/secrets";
import { stackFile } from "../../../cli/lib/project";
import { parse } from "../../../config/parse";
import { type EncryptedKey, placeholders } from "../../../config/schema";
import { parseStackFile } from "../../../config/stackFile";
import { wellFormedSecret } from "../../support/secrets";

/** Returns the issues of a stack whose file is as committed, but for the secrets that are given. */
function issues(secrets: Readonly<Partial<Record<EncryptedKey, string>>>, stack = "prod"): string[] {
  const { config } = parseStackFile(readFileSync(stackFile(stack)), `Pulumi.${stack}.yaml`);
  const parsed = parse(stack, config, {
    variables: {},
    secret: () => pulumi.secret(secretMarker),
    plainSecret: (key) => secrets[key] ?? placeholders[key],
  });
  return parsed.ok ? [] : parsed.issues.map(({ key, message }) => `${key}: ${message}`);
}

const privateKey = wellFormedSecret("cloudfrontPrivateKey", "c2VjcmV0");
const publicKey = wellFormedSecret("jwtAdditionalPublicKeys", "b3Blbg");

interface Form {
  readonly good: readonly string[];
  /** Each bad value with what is wrong with it. */
  readonly bad: readonly (readonly [value: string, issue: string])[];
}

const ends = "starts or ends with white space, such as a line break";

const tokens: Form["bad"] = [
  ["hf_x\r", ends],
  [" hf_y ", ends],
  ["hf_z\n", ends],
  ["\u00a0hf_y", ends],
  ["hf_y\ufeff", ends],
  ["hf_y hf_z", "has white space in it"],
  ["hf_y\n", ends],
  ["hf_y\nhf_z", "has white space in it"],
  ["hf_y\u0000", "has a character that is not printable ASCII"],
  ["hf_\u001b[2Jy", "has a character that is not printable ASCII"],
  ["hf_\u200by", "has a character that is not printable ASCII"],
];

const noHost =
  "has no host after its scheme, or a user's name or password with one of : / ? @ that is not percent-encoded";

const pems: Form["bad"] = [
  ["-----BEGIN PRIVATE KEY-----", "does not end with the END line that its BEGIN line needs"],
  ["c2VjcmV0", "does not start with the BEGIN line of a PEM"],
  [privateKey.replace("-----BEGIN PRIVATE KEY-----\n", ""), "does not start with the BEGIN line of a PEM"],
  [privateKey.replace("END PRIVATE", "END RSA PRIVATE"), "does not end with the END line that its BEGIN line needs"],
  [privateKey.trim().slice(0, -1), "does not end with the END line that its BEGIN line needs"],
  [privateKey.trim().replaceAll("\n", "\\n"), "has \\n written out in the place of line breaks"],
  [privateKey.replace("c2VjcmV0", "c2Vjc"), "has lines between BEGIN and END that are not base64, or lacks some"],
  [privateKey.replace("c2VjcmV0", "c2V cmV0"), "has lines between BEGIN and END that are not base64, or lacks some"],
  [privateKey.replace("c2VjcmV0\n", ""), "has lines between BEGIN and END that are not base64, or lacks some"],
  [publicKey, "is a PEM of another kind than PRIVATE KEY, or needs a passphrase"],
  [
    privateKey.replaceAll("PRIVATE", "ENCRYPTED PRIVATE"),
    "is a PEM of another kind than PRIVATE KEY, or needs a passphrase",
  ],
];

/** Values by one secret or more of each form; a new secret of a form that is here needs no more. */
const forms: Readonly<Partial<Record<EncryptedKey, Form>>> = {
  hfToken: { good: ["hf_abc", "hf_a-b.c/d+e="], bad: tokens },
  parquetConverterHfToken: { good: ["hf_abc"], bad: tokens },
  spawningToken: { good: ["abc-def"], bad: tokens },
  awsSecretAccessKey: { good: ["wJalrXUtnFEMI/K7MDENG/bPxRfi+=="], bad: tokens },
  pullRequestHfToken: { good: ["hf_abc"], bad: tokens },
  awsAccessKeyId: {
    good: ["AKIAIOSFODNN7EXAMPLE"],
    bad: [...tokens, ["AKIA/IOSF", "has a character other than letters and digits"]],
  },
  cloudfrontKeyPairId: { good: ["K2JCJMDEHXQW5F"], bad: [["K2 JCJ", "has white space in it"]] },
  webhookSecret: {
    good: ["s3cret", "a phrase of words"],
    bad: [
      ["s3cret\r", ends],
      [" s3cret", ends],
      ["s3c\nret", "has a character that no header takes"],
      ["s3cr\u00e9t", "has a character that no header takes"],
    ],
  },
  mongoUrl: {
    good: [
      "mongodb://mongo.example.com",
      "mongodb+srv://user:pass%40word@cluster0.abc.mongodb.net/?retryWrites=true&w=majority",
      "mongodb://user:pass@a.example.com:27017,b.example.com:27017/admin?replicaSet=rs0",
      "mongodb://[fd00::1]:27017/",
    ],
    bad: [
      ["mongo.example.com", "does not start with mongodb:// or mongodb+srv://"],
      ["https://mongo.example.com", "does not start with mongodb:// or mongodb+srv://"],
      ["mongodb:mongo.example.com", "does not start with mongodb:// or mongodb+srv://"],
      ["mongodb://", noHost],
      ["mongodb+srv:///datasets", noHost],
      ["mongodb://user:password@", noHost],
      ["mongodb://user:pass/word@mongo.example.com", noHost],
      ["mongodb://user:pass@word@mongo.example.com", noHost],
      ["mongodb://user:pass:word@mongo.example.com", noHost],
      ["mongodb://mongo.example.com\n", ends],
      ["mongodb://mongo.example.com /", "has white space in it"],
    ],
  },
  cloudfrontPrivateKey: {
    good: [privateKey, privateKey.trim(), privateKey.replaceAll("\n", "\r\n"), privateKey.replaceAll("PRI", "RSA PRI")],
    bad: pems,
  },
  jwtAdditionalPublicKeys: {
    good: [publicKey, publicKey.trim(), `${publicKey},${publicKey}`, `${publicKey.trim()},\n${publicKey}`],
    bad: [
      [
        privateKey,
        "is a PEM of another kind than PUBLIC KEY, or needs a passphrase (key 1 of 1; commas separate keys)",
      ],
      [
        `${publicKey},-----BEGIN PUBLIC KEY-----`,
        "does not end with the END line that its BEGIN line needs (key 2 of 2; commas separate keys)",
      ],
      [`${publicKey},`, "does not start with the BEGIN line of a PEM (key 2 of 2; commas separate keys)"],
      [
        `${publicKey}${publicKey}`,
        "has lines between BEGIN and END that are not base64, or lacks some (key 1 of 1; commas separate keys)",
      ],
    ],
  },
  checksumKey: { good: ["any text", "of\nseveral lines\n"], bad: [] },
};

describe("the secrets of a stack", () => {
  it("are tried here in each of their forms", () => {
    const formsOf = (keys: readonly string[]) => new Set(keys.filter(isSecretKey).map((key) => secretNamed(key).form));
    assert.deepEqual(formsOf(Object.keys(forms)), formsOf(secretKeys));
  });

  for (const [key, { good, bad }] of Object.entries(forms)) {
    const stack = key === "pullRequestHfToken" ? "ephemeral" : "prod";
    const fromFile = ["cloudfrontPrivateKey", "jwtAdditionalPublicKeys"].includes(key) ? " < FILE" : "";

    it(`accept ${good.length} well-formed values of ${key}`, () => {
      for (const value of good) {
        assert.deepEqual(issues({ [key]: value }, stack), []);
      }
    });

    for (const [value, issue] of bad) {
      it(`refuse ${key} ${JSON.stringify(value).slice(0, 60)} and show none of it`, () => {
        const set = `ds pulumi ${stack} -- config set --secret datasets-server:${key}`;
        const [found = "", ...others] = issues({ [key]: value }, stack);
        assert.deepEqual(others, []);
        // The whole message is fixed text.
        assert.equal(found, `datasets-server:${key}: its value ${issue}; set it with: ${set}${fromFile}`);
        assert.ok(!found.includes(value.trim()), found);
      });
    }
  }

  for (const stack of ["prod", "ephemeral", "local", "pr-7"]) {
    it(`may be the placeholders that the file of stack ${stack} was committed with`, () => {
      assert.deepEqual(issues({}, stack), []);
    });
  }

  it("are told of together with what else is wrong", () => {
    assert.equal(issues({ hfToken: "hf_x\r", mongoUrl: "mongo.example.com" }).length, 2);
  });

  it("are checked for an environment of a pull request too, and set in the file that it shares with staging", () => {
    const [found] = issues({ pullRequestHfToken: "hf_x\r" }, "pr-7");
    assert.match(
      found ?? "",
      /^datasets-server:pullRequestHfToken: its value starts .*: ds pulumi ephemeral -- config set/,
    );
  });
});
