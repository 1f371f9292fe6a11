import { isSecretKey, secretNamed } from "../../catalog/secrets";
import type { EncryptedKey } from "../../config/schema";

/** Returns a value that has the form of a secret, and in it the text, of letters and digits, that tells it from others. */
export function wellFormedSecret(key: EncryptedKey, text: string): string {
  const form = isSecretKey(key) ? secretNamed(key).form : "text";
  switch (form) {
    case "mongoUrl":
      return `mongodb://user:${text}@mongo.invalid:27017`;
    case "privateKey":
      return pem("PRIVATE KEY", text);
    case "publicKeys":
      return pem("PUBLIC KEY", text);
    default:
      return text;
  }
}

function pem(label: string, text: string): string {
  const body = text.padEnd(Math.ceil(text.length / 4) * 4, "A");
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
}
