import fs from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

export { account, awsRootEnvironment, type Moto, region, startMoto } from "./moto";
export { installAwsStandIn } from "./plugin";

/** One EKS cluster that the stand-in knows. */
export interface AwsCluster {
  /** URL of the API server. */
  readonly endpoint: string;
  /** The API server's CA certificate, PEM in base64. */
  readonly certificateAuthority: string;
  /** `ACTIVE` and the like, as EKS has it. */
  readonly status: string;
  /** Default: `arn:aws:eks:<region>:<account>:cluster/<name>`. */
  readonly arn?: string;
  /** Kubernetes version, such as `1.36`. */
  readonly version: string;
}

/** All that the stand-in knows of AWS: one account, in one region. */
export interface AwsAnswers {
  readonly account: string;
  readonly region: string;
  /** ARN of the identity that `getCallerIdentity` gives. */
  readonly callerArn: string;
  readonly clusters: Readonly<Record<string, AwsCluster>>;
}

/** Writes what the stand-in provider answers from. It is read again by every run of the engine. */
export async function writeAwsAnswers(file: string, answers: AwsAnswers): Promise<void> {
  await fs.writeFile(file, `${JSON.stringify(answers, null, 2)}\n`);
}

export interface AwsStandInFiles {
  /** The file that `writeAwsAnswers` wrote. */
  readonly answersFile: string;
  /** Receives one JSON line for each call, see `readAwsCalls`. */
  readonly logFile: string;
  /** What `aws eks get-token` hands out; the API server must know it, see `tokenAuthFile`. */
  readonly token: string;
}

/** What to add to the environment of `pulumi` so that it meets the stand-ins; PATH starts with the folder of `aws`. */
export function awsStandInEnvironment({ answersFile, logFile, token }: AwsStandInFiles): Record<string, string> {
  const folders = [path.join(__dirname, "bin"), process.env.PATH ?? ""];
  return {
    AWS_STAND_IN_FILE: answersFile,
    AWS_STAND_IN_LOG: logFile,
    AWS_STAND_IN_TOKEN: token,
    PATH: folders.join(path.delimiter),
  };
}

/**
 * The content of kube-apiserver's `--token-auth-file`: one user, in the given groups.
 *
 * @throws when the token or the user is empty or a group holds a comma: the API server would refuse the file or read
 * two groups.
 */
export function tokenAuthFile(token: string, user: string, groups: readonly string[]): string {
  if (token === "" || user === "") {
    throw new Error(
      `a token file needs a token and a user, got ${token.length} characters of token and user "${user}"`,
    );
  }
  const split = groups.find((group) => group.includes(","));
  if (split !== undefined) {
    throw new Error(
      `group "${split}" holds a comma, which separates groups in a token file: give its parts one by one`,
    );
  }
  return `${[token, user, user, groups.join(",")].map(csvField).join(",")}\n`;
}

function csvField(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}

const awsCall = z.discriminatedUnion("by", [
  z.object({ by: z.literal("plugin"), token: z.string(), args: z.record(z.string(), z.unknown()) }),
  z.object({ by: z.literal("aws"), argv: z.array(z.string()) }),
]);

/** A function called on the provider (`token` names it, such as `aws:eks/getCluster:getCluster`), or a run of `aws`. */
export type AwsCall = z.infer<typeof awsCall>;

/** The calls made so far, oldest first; none when the file does not exist yet. */
export async function readAwsCalls(logFile: string): Promise<AwsCall[]> {
  const text = await fs.readFile(logFile, "utf8").catch(emptyWhenAbsent);
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => awsCall.parse(JSON.parse(line)));
}

function emptyWhenAbsent(error: NodeJS.ErrnoException): string {
  if (error.code !== "ENOENT") throw error;
  return "";
}
