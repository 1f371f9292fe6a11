import { randomBytes } from "node:crypto";
import { type EncryptedKey, isEncryptedKey, placeholders } from "../../../config/schema";
import { wellFormedSecret } from "../secrets";
import type { Engine } from "./engine";

/** Sets every secret of a stack, those that are not named to random values. Returns the random text in each. */
export async function setEverySecret(
  engine: Engine,
  known: Readonly<Partial<Record<EncryptedKey, string>>> = {},
): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  for (const key of Object.keys(placeholders)) {
    values.set(key, randomBytes(24).toString("hex"));
  }
  for (const [key, value] of Object.entries(known)) {
    values.set(key, value);
  }
  for (const [key, value] of values) {
    await engine.setSecret(key, isEncryptedKey(key) ? wellFormedSecret(key, value) : value);
  }
  return values;
}
