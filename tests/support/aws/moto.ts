import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "../../../tools/cluster/ports";
import { findTools } from "../../../tools/install";
import { cleanEnvironment } from "../../../tools/workspace";

/** The team's account and region, which are those of every stand-in for AWS. */
export const account = "707930574880";
export const region = "us-east-1";

/** The access key of the account's root, whom nothing is refused. */
export const rootKey = "test";

/** A server that behaves like S3, KMS, STS, IAM and ECR, and keeps everything in memory. */
export interface Moto {
  readonly endpoint: string;
  stop(): Promise<void>;
}

const pollMs = 100;
const limitMs = 60_000;

/**
 * Starts moto, as the team's account unless another is named, on a free port of 127.0.0.1; its log is `moto.log` in `folder`, an existing folder of the suite.
 *
 * @throws when it is not installed, ends by itself, or does not answer within a minute.
 */
export async function startMoto(folder: string, of = account): Promise<Moto> {
  const [port = 0] = await freePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  const log = await fs.open(path.join(folder, "moto.log"), "w");
  // Started by a path inside the folder, by which the janitor of the tests finds it however they end.
  const linked = path.join(folder, "moto");
  await fs.symlink(path.dirname(path.dirname(findTools(["test"]).moto_server)), linked);
  const server = spawn(path.join(linked, "bin/moto_server"), ["--host", "127.0.0.1", "--port", String(port)], {
    env: { ...cleanEnvironment(), MOTO_ACCOUNT_ID: of },
    stdio: ["ignore", log.fd, log.fd],
  });
  await log.close();
  await Promise.race([once(server, "exit"), answers(endpoint)]);
  if (server.exitCode !== null) {
    throw new Error(`moto ended with exit code ${server.exitCode}: ${await fs.readFile(`${linked}.log`, "utf8")}`);
  }
  return { endpoint, stop: () => stop(server) };
}

/** The variables with which any AWS client talks to the server at `endpoint`, and to nothing else, as its root user. */
export function awsRootEnvironment(endpoint: string): Record<string, string> {
  return {
    ...endpointVariables(endpoint),
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: rootKey,
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
}

/** The variables with which any AWS client asks the server at `endpoint`, and nobody else for anything. */
export function endpointVariables(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    // The SDK for Go takes on a profile's role before it reads the variable above.
    AWS_ENDPOINT_URL_STS: endpoint,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

async function answers(endpoint: string): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await fetch(`${endpoint}/moto-api/`).catch(() => undefined))?.ok) {
    if (Date.now() > deadline) throw new Error(`moto does not answer at ${endpoint} after ${limitMs / 1000} s`);
    await sleep(pollMs);
  }
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, "exit");
  server.kill();
  await exit;
}
