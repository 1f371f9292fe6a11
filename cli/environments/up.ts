import * as path from "node:path";
import { StackAlreadyExistsError } from "@pulumi/pulumi/automation";
import { UserError } from "../../cluster/userError";
import { lifetimeMs, type Parameters, parameterRecords, parameterVariables } from "../../config/pullRequest";
import { plainly, workspaceOf } from "../automation";
import { refuseWithoutImages } from "../aws/images";
import { checkSecrets } from "../deploy";
import { type Engine, execute } from "../engine";
import { inOwnFolder } from "../ownFolder";
import { projectFolder, stackFile } from "../project";
import { update } from "../state/update";
import { refuseWithoutRoom } from "./capacity";
import { type EnvironmentIdentity, type RawInput, readUpRequest, type Target } from "./input";
import { type Environment, listEnvironments, parametersOf, tagName } from "./inventory";
import { prepareNamespace } from "./namespace";
import { configure, onEnvironment, openPlace, type Place } from "./place";

/** Brings a pull request's environment up, or up to date, and has its time begin anew. */
export async function environmentUp(workspace: string, target: Target, raw: RawInput): Promise<void> {
  const { identity, parameters: given, lifetime } = readUpRequest(raw);
  const { stack, number } = identity;
  const { config, pullRequest, client } = await configure({ file: stackFile(target), workspace }, identity);
  const { cluster, datasetsServer } = config;
  const images = { ...datasetsServer.images, tag: given.imageTag };
  await refuseWithoutImages(
    { cluster, datasetsServer: { ...datasetsServer, images } },
    `name another: ds pr up ${number} --image sha-abc1234`,
  );
  const place = await openPlace(workspace, target, "change");
  await checkSecrets(place.target);
  const environments = await listEnvironments(place.store);
  const known = environments.find((environment) => environment.identity.stack === stack);
  refuseDamaged(known);
  const others = environments.map((environment) => environment.identity.number).filter((other) => other !== number);
  if (!known) refuseWithoutRoom(number, others, pullRequest);

  const expires = new Date(Date.now() + lifetimeMs(lifetime ?? pullRequest.lifetime)).toISOString();
  const parameters = { ...(known && (await parametersOf(place.engine, identity))), ...given, expires };
  if (!known) {
    await createStack(place, identity);
    // At once, so that one whose update fails is known too.
    await record(place, identity, parameters);
  }
  if (config.cluster.kind === "eks") await prepareNamespace(await client(), identity);
  const { executable, environment } = place.engine;
  const engine = { executable, environment: { ...environment, ...parameterVariables(parameters) } };
  await update(engine, stack, ["up", ...onEnvironment(place, identity), "--yes", "--skip-preview"]);
  if (known) await record(place, identity, parameters);
  const { host } = config.datasetsServer.endpoints.public;
  console.log(`pr-${number} runs ${parameters.imageTag} at https://${host} until ${expires}`);
}

function refuseDamaged(environment: Environment | undefined): void {
  if (environment?.damaged) {
    throw new UserError(
      `the state of ${environment.identity.stack} is damaged: ${environment.damaged}; no changes were made`,
      `ds pr down ${environment.identity.number} removes the environment without it; then run this again`,
    );
  }
}

/** Makes the stack, in a folder of its own: the engine writes a file for it, and its configuration is its target's. */
async function createStack({ engine, file }: Place, { stack }: EnvironmentIdentity): Promise<void> {
  const files = { "Pulumi.yaml": path.join(projectFolder, "Pulumi.yaml"), [`Pulumi.${stack}.yaml`]: file };
  await inOwnFolder(files, async (folder) => {
    await (await workspaceOf(engine, folder)).createStack(stack).catch((error: unknown) => {
      // Another run for the same number may have been a moment earlier.
      if (!(error instanceof StackAlreadyExistsError)) throw plainly(error);
    });
  });
}

/** Writes into the stack's tags what is known of the pull request. */
async function record(place: Place, identity: EnvironmentIdentity, parameters: Parameters): Promise<void> {
  for (const [name, value] of Object.entries(parameterRecords(parameters))) {
    await setTag(place.engine, identity, tagName(name), value);
  }
}

/** Not by Pulumi's library, which takes a title that begins with a dash for a flag. */
async function setTag(engine: Engine, { stack }: EnvironmentIdentity, name: string, value: string): Promise<void> {
  await execute(engine, ["stack", "tag", "set", "--stack", stack, "--non-interactive", "--", name, value]);
}
