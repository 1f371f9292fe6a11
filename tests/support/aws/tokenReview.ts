import fs from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { z } from "zod";
import { close, listen } from "./front";
import { element } from "./motoCalls";

/** What EKS does for an API server: it says who a token's bearer is. */
export interface TokenReviewer {
  /** The file for the API server's `--authentication-token-webhook-config-file`. */
  readonly configFile: string;
  stop(): Promise<void>;
}

/** An access entry of an EKS cluster: the Kubernetes groups of an IAM role, by its name. */
export type AccessEntries = Readonly<Record<string, readonly string[]>>;

const tokenReview = z.object({ apiVersion: z.string(), kind: z.string(), spec: z.object({ token: z.string() }) });
const tokenPrefix = "k8s-aws-v1.";
const assumedRole = /^arn:aws:sts::\d{12}:assumed-role\/([^/]+)\//;

/**
 * Starts a webhook that takes the tokens of `aws eks get-token`: each is the signed address of a question to STS, whose
 * answer is the caller's ARN. A role without an access entry, and anybody who is no role, is nobody.
 */
export async function startTokenReviewer(folder: string, entries: AccessEntries): Promise<TokenReviewer> {
  const server = http.createServer((request, response) => {
    void buffer(request)
      .then((body) => review(body, entries))
      .then((answer) => response.writeHead(200, { "content-type": "application/json" }).end(answer))
      .catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  const configFile = path.join(folder, "token-webhook.json");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "webhook",
    clusters: [{ name: "webhook", cluster: { server: url } }],
    contexts: [{ name: "webhook", context: { cluster: "webhook", user: "" } }],
  };
  await fs.writeFile(configFile, JSON.stringify(config));
  return { configFile, stop: () => close(server) };
}

async function review(body: Buffer, entries: AccessEntries): Promise<string> {
  const { apiVersion, kind, spec } = tokenReview.parse(JSON.parse(body.toString()));
  const arn = await callerOf(spec.token);
  const groups = entries[assumedRole.exec(arn)?.[1] ?? ""];
  const status =
    groups === undefined ? { authenticated: false } : { authenticated: true, user: { username: arn, groups } };
  return JSON.stringify({ apiVersion, kind, status });
}

/** The ARN that STS gives at the address a token holds; empty when it holds none, or STS gives none. */
async function callerOf(token: string): Promise<string> {
  if (!token.startsWith(tokenPrefix)) return "";
  const address = new URL(Buffer.from(token.slice(tokenPrefix.length), "base64url").toString());
  if (address.hostname !== "127.0.0.1" || address.searchParams.get("Action") !== "GetCallerIdentity") return "";
  const response = await fetch(address);
  return response.ok ? element(await response.text(), "Arn") : "";
}
