import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

/** Makes a certificate of these host names that is its own authority; returns its key, and the file that it is in. */
export function createCertificate(folder: string, names: readonly string[]): { key: Buffer; certificate: string } {
  const [key, certificate] = [path.join(folder, "key.pem"), path.join(folder, "certificate.pem")];
  const subject = `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`;
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  const args = ["req", "-x509", ...made, "-subj", "/CN=a test", "-addext", subject];
  execFileSync("openssl", [...args, "-keyout", key, "-out", certificate], { stdio: "pipe" });
  return { key: fs.readFileSync(key), certificate };
}
