import { type SecretKey, secretName, secretPlaces } from "../../catalog/secrets";
import { neededSecrets, secretSources } from "../../config/build";
import { documentedKeys } from "../../config/document";
import type { EncryptedKey } from "../../config/schema";
import { setSecret } from "../../config/secretForms";
import { references } from "../../policy/rules/references";
import { documentation, type Page, type Row } from "./page";
import { podsText } from "./pods";
import { type ExplainedStack, placeInFile } from "./stacks";

const head = ["stack", "from", "Secret", "key in it"];

/** Explains a key of a stack file that holds a secret. No value is shown, as none is read. */
export function secretKeyPage(key: EncryptedKey, stacks: readonly ExplainedStack[]): Page {
  const facts = {
    "what it may be": "a secret; no value is shown",
    "set it with": setSecret("STACK", key),
    documentation: documentation(key),
  };
  const does = documentedKeys().find(({ path }) => path === key)?.schema.description ?? "";
  return { name: key, does, facts, head, rows: stacks.flatMap((stack) => keyRows(stack, key)) };
}

/** Explains a variable that holds a secret: all but its name and what it does. */
export function secretVariablePage(
  key: SecretKey,
  facts: Page["facts"],
  stacks: readonly ExplainedStack[],
): Pick<Page, "facts" | "head" | "rows"> {
  const rows = stacks.map((stack) => secretRow(stack, key, sourceOfSecret(stack, key)));
  return { facts: { "what it may be": `the secret ${key}; no value is shown`, ...facts }, head, rows };
}

function keyRows(stack: ExplainedStack, key: EncryptedKey): Row[] {
  const { identity, file, title } = stack;
  if (!neededSecrets(identity, file).includes(key)) return [{ cells: [title, "not read", "", ""] }];
  const from = placeInFile(stack, [key]);
  const held = Object.entries(secretSources(identity, file)).flatMap(([name, source]) =>
    source === key && isSecretKey(name) ? [name] : [],
  );
  return held.length === 0 ? [{ cells: [title, from, "", ""] }] : held.map((name) => secretRow(stack, name, from));
}

function isSecretKey(key: string): key is SecretKey {
  return Object.hasOwn(secretPlaces, key);
}

/** Says where a stack has a secret from; empty where it has none. */
function sourceOfSecret(stack: ExplainedStack, key: SecretKey): string {
  const source = secretSources(stack.identity, stack.file)[key];
  if (source !== undefined) return placeInFile(stack, [source]);
  return key in stack.config.datasetsServer.secrets ? "the stack's own MongoDB" : "";
}

function secretRow(stack: ExplainedStack, key: SecretKey, from: string): Row {
  if (!(key in stack.config.datasetsServer.secrets)) return { cells: [stack.title, "not there", "", ""] };
  const [name, inside] = [secretName(key), secretPlaces[key].key];
  const readers = references(stack.inventory)
    .filter((reference) => reference.kind === "Secret" && reference.name === name && reference.key === inside)
    .map(({ object }) => object);
  // A secret is no part of a Job: one that has run stays as it is.
  const restarts = podsText(readers.filter(({ kind }) => kind !== "Job"));
  return { cells: [stack.title, from, name, inside], restarts };
}
