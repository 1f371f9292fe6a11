import { environmentStack } from "../catalog/names";
import { type SecretForm, secretPlaces } from "../catalog/secrets";
import { type ConfigIssue, configKey } from "./issues";
import { type EncryptedKey, placeholders } from "./schema";

/** Returns what is wrong with a value, in words that show nothing of it; undefined where it has the form. */
type Check = (value: string) => string | undefined;

const checks: Readonly<Record<SecretForm, Check>> = {
  token: tokenIssue,
  keyId: (value) =>
    tokenIssue(value) ?? (/^[A-Za-z0-9]+$/.test(value) ? undefined : "has a character other than letters and digits"),
  header: (value) => endsIssue(value) ?? (/^[ -~]+$/.test(value) ? undefined : "has a character that no header takes"),
  mongoUrl: (value) => tokenIssue(value) ?? mongoUrlIssue(value),
  privateKey: (value) => pemIssue(value, "PRIVATE KEY"),
  publicKeys: publicKeysIssue,
  text: () => undefined,
};

/** Finds what is wrong with the form of a secret's value. */
export function secretFormIssues(stack: string, key: EncryptedKey, value: string): ConfigIssue[] {
  const issue = secretFormIssue(key, value);
  return issue === undefined
    ? []
    : [{ key: configKey([key]), message: `its value ${issue}; set it with: ${setSecret(stack, key)}` }];
}

/** Says what is wrong with the form of a value, without it. Placeholders and blank values are for other checks. */
export function secretFormIssue(key: EncryptedKey, value: string): string | undefined {
  const isUnset = value === placeholders[key] || value.trim() === "";
  return isUnset ? undefined : checks[formOf(key)](value);
}

/** Returns the command that sets a secret. A value of several lines cannot be typed, and is read from a file. */
export function setSecret(stack: string, key: EncryptedKey): string {
  // An environment of a pull request has no file of its own.
  const owner = environmentStack.test(stack) ? "ephemeral" : stack;
  const hasLines = ["privateKey", "publicKeys"].includes(formOf(key));
  return `ds pulumi ${owner} -- config set --secret ${configKey([key])}${hasLines ? " < FILE" : ""}`;
}

function formOf(key: EncryptedKey): SecretForm {
  switch (key) {
    case "pullRequestHfToken":
      return secretPlaces.hfToken.form;
    case "checksumKey":
      return "text";
    default:
      return secretPlaces[key].form;
  }
}

function endsIssue(value: string): string | undefined {
  return value === value.trim() ? undefined : "starts or ends with white space, such as a line break";
}

function tokenIssue(value: string): string | undefined {
  if (/\S\s+\S/.test(value)) {
    return "has white space in it";
  }
  return endsIssue(value) ?? (/^[!-~]+$/.test(value) ? undefined : "has a character that is not printable ASCII");
}

const mongoHost = /([\w.-]+|\[[\da-fA-F:]+\])(:\d{1,5})?/.source;

/** A user's name and password, if any, and one or more hosts, up to the name of the database. */
const mongoHosts = new RegExp(`^([^:/?@]*(:[^:/?@]*)?@)?${mongoHost}(,${mongoHost})*([/?]|$)`);

function mongoUrlIssue(value: string): string | undefined {
  const [scheme] = /^mongodb(\+srv)?:\/\//.exec(value) ?? [];
  if (scheme === undefined) {
    return "does not start with mongodb:// or mongodb+srv://";
  }
  return mongoHosts.test(value.slice(scheme.length))
    ? undefined
    : "has no host after its scheme, or a user's name or password with one of : / ? @ that is not percent-encoded";
}

/** The application splits the list at its commas and reads each part as a PEM. */
function publicKeysIssue(value: string): string | undefined {
  const keys = value.split(",");
  const found = keys.map((key) => pemIssue(key, "PUBLIC KEY"));
  const first = found.findIndex((issue) => issue !== undefined);
  return found[first] && `${found[first]} (key ${first + 1} of ${keys.length}; commas separate keys)`;
}

function pemIssue(value: string, kind: "PRIVATE KEY" | "PUBLIC KEY"): string | undefined {
  const lines = value.trim().split(/\r?\n/);
  const [, label] = /^-----BEGIN ([A-Z ]+)-----$/.exec(lines[0] ?? "") ?? [];
  if (label === undefined) {
    return value.includes("\\n")
      ? "has \\n written out in the place of line breaks"
      : "does not start with the BEGIN line of a PEM";
  }
  if (lines.length < 2 || lines.at(-1) !== `-----END ${label}-----`) {
    return "does not end with the END line that its BEGIN line needs";
  }
  if (!label.endsWith(kind) || label.includes("ENCRYPTED")) {
    return `is a PEM of another kind than ${kind}, or needs a passphrase`;
  }
  const body = lines.slice(1, -1).join("");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(body) && body.length % 4 === 0
    ? undefined
    : "has lines between BEGIN and END that are not base64, or lacks some";
}
