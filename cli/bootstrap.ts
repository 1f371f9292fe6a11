import { copyFile, rename } from "node:fs/promises";
import * as path from "node:path";
import { StackAlreadyExistsError } from "@pulumi/pulumi/automation";
import { UserError } from "../cluster/userError";
import { secretsKey, secretsProviderUrl } from "../config/accounts";
import { ensureBucket } from "./aws/bucket";
import { kmsClient, s3Client, stsClient } from "./aws/clients";
import { identifyCaller } from "./aws/credentials";
import { checkSecretsReadable, ensureKey } from "./aws/key";
import type { Finding } from "./aws/provision";
import { plainly, workspaceOf } from "./lib/automation";
import { type Engine, engineFor, execute, stateOf } from "./lib/engine";
import { projectFolder, stackFile } from "./lib/project";
import { readStackFileHead, type StackFileHead } from "./lib/stackFile";
import type { S3State } from "./lib/stateAddress";
import { inTemporaryProject } from "./lib/temporaryProject";

/** What the committed stack files are encrypted with; it opens nothing but placeholders. */
const committedPassphrase = "placeholder";

/** What bootstrap is about, known to be consistent before anything is touched. */
interface Plan {
  readonly stack: string;
  readonly file: string;
  readonly head: StackFileHead;
  readonly account: string;
  readonly state: S3State & { readonly region: string };
  readonly key: { readonly alias: string; readonly region: string };
  readonly provider: string;
}

/**
 * Makes, or verifies, all that a stack on EKS needs before its first update: the bucket of the state, the cluster's KMS key,
 * the stack itself, and its file encrypted with that key. Safe to run at any time, and again after a failure.
 *
 * @throws when something is there that must not be used or changed; what was done until then stays and counts.
 */
export async function bootstrap(workspace: string, stack: string): Promise<void> {
  const engine = await engineFor(workspace, stack);
  const plan = await makePlan(engine, stack);
  const { account, state, key } = plan;
  console.log(`you are ${await identifyCaller(stsClient(state.region), account)}`);
  const report = ({ what, was, did }: Finding) => console.log(`  ${what}: ${was}, ${did}`);
  await ensureBucket(s3Client(state), { bucket: state.bucket, region: state.region, account }, report);
  await ensureKey(kmsClient(key.region), { alias: key.alias, account }, report);
  // Pulumi saves a stack file more than once while it encrypts it again, and in between neither the old nor the new key
  // opens it: so it works on a copy.
  const { file } = plan;
  const copies = { "Pulumi.yaml": path.join(projectFolder, "Pulumi.yaml"), [path.basename(file)]: file };
  await inTemporaryProject(copies, async (folder) => {
    await ensureStack(engine, plan, folder, report);
    await ensureEncryption(engine, plan, folder, report);
  });
  console.log(`Next: ds preview ${stack}`);
}

async function makePlan(engine: Engine, stack: string): Promise<Plan> {
  const file = stackFile(stack);
  const head = readStackFileHead(file);
  const { name, account = "" } = head.cluster;
  if (name === "local" || stack.startsWith("pr-")) {
    throw new UserError(`stack ${stack} needs no bootstrap; those that do: prod, ephemeral, prod-CLUSTER`);
  }
  const state = stateOf(engine);
  if (state.kind === "file" || state.region === undefined) {
    throw new UserError(
      "the state's address is no S3 bucket with a region, and there is nothing to bootstrap for any other",
      "unset PULUMI_BACKEND_URL, and the one of Pulumi.yaml counts",
    );
  }
  const provider = secretsProviderUrl(name);
  if (head.keeper.kind === "key" && head.keeper.url !== provider) {
    throw new UserError(
      `${path.basename(file)} is encrypted with ${head.keeper.url}, and the key of ${name} is ${provider}; no changes were made`,
      `with the permission to use both keys: ds pulumi ${stack} -- stack change-secrets-provider "${provider}"`,
    );
  }
  return { stack, file, head, account, state: { ...state, region: state.region }, key: secretsKey(name), provider };
}

async function ensureStack(
  engine: Engine,
  { stack }: Plan,
  folder: string,
  report: (finding: Finding) => void,
): Promise<void> {
  const what = `stack ${stack}`;
  try {
    await (await workspaceOf(withPassphrase(engine), folder)).createStack(stack);
    report({ what, was: "absent", did: "created" });
  } catch (error) {
    if (!(error instanceof StackAlreadyExistsError)) throw plainly(error);
    report({ what, was: "there", did: "left alone" });
  }
}

async function ensureEncryption(
  engine: Engine,
  { stack, file, head: { keeper }, provider }: Plan,
  folder: string,
  report: (finding: Finding) => void,
): Promise<void> {
  const what = `the secrets of ${path.basename(file)}`;
  if (keeper.kind === "key") {
    await checkSecretsReadable(keeper);
    return report({ what, was: `with ${provider}`, did: "left alone" });
  }
  const change = ["stack", "change-secrets-provider", provider, "--stack", stack, "--non-interactive"];
  await execute(withPassphrase(engine), change, folder);
  const fresh = `${file}.new`;
  await copyFile(path.join(folder, path.basename(file)), fresh);
  await rename(fresh, file);
  report({ what, was: keeper.kind === "passphrase" ? "with a passphrase" : "none yet", did: "set" });
}

/** The user's own passphrase counts, where there is one. */
function withPassphrase({ executable, environment }: Engine): Engine {
  const { PULUMI_CONFIG_PASSPHRASE_FILE: file, PULUMI_CONFIG_PASSPHRASE: passphrase = committedPassphrase } =
    environment;
  return { executable, environment: file ? environment : { ...environment, PULUMI_CONFIG_PASSPHRASE: passphrase } };
}
