import * as path from "node:path";
import { StackAlreadyExistsError } from "@pulumi/pulumi/automation";
import { errorText, UserError } from "../../cluster/userError";
import { builtIngresses } from "../../config/capacity";
import { strictnessOf } from "../../config/protection";
import {
  lifetimeMs,
  type Parameters,
  parameterRecords,
  parameterVariables,
  placeParameters,
} from "../../config/pullRequest";
import { requireImages, tagOfBuild } from "../aws/images";
import { checkSecrets, telling } from "../deploy";
import { explained } from "../diagnosis";
import { plainly, workspaceOf } from "../lib/automation";
import { hideSecrets } from "../lib/decryption";
import { execute } from "../lib/engine";
import { projectFolder, stackFile } from "../lib/project";
import { inTemporaryProject } from "../lib/temporaryProject";
import { requireAllowed } from "../review/allowed";
import { previewStack } from "../review/preview";
import { update } from "../state/update";
import { checkCount, type PlacedOccupant, placeOf, settlePlace } from "./capacity";
import { type EnvironmentIdentity, readUpRequest, type Target, type UpInput, type UpRequest } from "./input";
import { type Environment, listEnvironments, parametersOf, tagName } from "./inventory";
import { prepareNamespace } from "./namespace";
import { requireLastCommit } from "./newest";
import { type Show, showOnPage } from "./page";
import { configure, onEnvironment, openPlace, type Place } from "./place";
import { requireSameLoadBalancer } from "./sharedLoadBalancer";

interface UpOptions {
  /** What this update may lose, such as `PersistentVolumeClaim/...`. Default: no data. */
  readonly allowed?: readonly string[] | undefined;
  /** How long images are waited for that a build has not pushed yet; milliseconds. */
  readonly waitForImagesMs: number;
}

/** Brings a pull request's environment up, or up to date; its time starts again. The pull request's page shows how it fares. */
export async function environmentUp(
  workspace: string,
  target: Target,
  input: UpInput,
  options: UpOptions,
): Promise<void> {
  const request = readUpRequest(input);
  // No one else reaches an environment on the local cluster.
  const variables = target === "local" ? {} : process.env;
  const show = showOnPage(request.identity, request.parameters.headSha, variables);
  await show({ state: "queued", description: "waits for its images" });
  try {
    const { imageTag, address, expires } = await bringUp(workspace, target, request, { ...options, show });
    console.log(`${request.identity.stack} runs ${imageTag} at ${address} until ${expires}`);
    await show({ state: "success", description: `runs ${imageTag} until ${expires}`, address });
  } catch (error) {
    await show({ state: "failure", description: errorText(error).split("\n", 1).join("") });
    throw error;
  }
}

async function bringUp(
  workspace: string,
  target: Target,
  { identity, parameters: asked, lifetime }: UpRequest,
  { allowed = [], waitForImagesMs, show }: UpOptions & { readonly show: Show },
) {
  const { stack, number } = identity;
  const configuredBy = { file: stackFile(target), workspace };
  const waitUntil = Date.now() + waitForImagesMs;
  const imageTag = await tagOfBuild(configure(configuredBy, identity, asked).config, { limitMs: waitForImagesMs });
  const given = { ...asked, imageTag };
  const { config, keeper, pullRequest, client } = configure(configuredBy, identity, given);
  const { cluster, datasetsServer } = config;
  const digests = await requireImages(config, `name another: ds pr up ${number} --image sha-abc1234`, {
    limitMs: waitUntil - Date.now(),
  });
  await show({ state: "in_progress", description: `is brought up with ${imageTag}` });
  const place = await openPlace(workspace, target, "change");
  await checkSecrets(keeper);
  const environments = await listEnvironments(place.store);
  const known = environments.find((environment) => environment.identity.stack === stack);
  if (known?.damaged) {
    throw new UserError(
      `the state of ${stack} is damaged: ${known.damaged}; no changes were made`,
      `ds pr down ${number} removes the environment without it; then run this again`,
    );
  }
  const others = await occupants(
    place,
    environments.filter((other) => other !== known),
    pullRequest.loadBalancers,
  );
  if (!known) checkCount(number, others.length, pullRequest.maxOpen);
  const recorded = known && (await parametersOf(place.engine, identity));
  const kept = known && placeOf({ number, ...known }, recorded ?? {}, pullRequest.loadBalancers);
  const expires = new Date(Date.now() + lifetimeMs(lifetime ?? pullRequest.lifetime)).toISOString();
  const newcomer = { number, ingresses: builtIngresses(datasetsServer), ...(kept && { kept }) };
  const settled = settlePlace(newcomer, others, pullRequest.loadBalancers);
  const parameters = { ...recorded, ...given, ...placeParameters(settled), expires };
  const permissions = { allowed, command: `ds pr up ${number} --image ${given.imageTag}` };
  const ingresses = builtIngresses(configure(place, identity, parameters).config.datasetsServer);
  requireSameLoadBalancer({ number, ingresses }, others, permissions);

  const { headSha } = given;
  const wanted = { number, ...(headSha && { headSha }), ...(recorded?.headSha && { recorded: recorded.headSha }) };
  await requireLastCommit(wanted, process.env);
  if (!known) {
    await createStack(place, identity);
    // At once, so that one whose update fails is known too.
    await record(place, identity, parameters);
  }
  await hideSecrets(place.engine, stack, place.file);
  if (cluster.kind === "eks") await prepareNamespace(await client(), identity);
  const { executable, environment } = telling(place.engine, digests);
  const engine = { executable, environment: { ...environment, ...parameterVariables(parameters) } };
  // One that is new has nothing to lose.
  if (known) {
    const plan = await previewStack(engine, stack, { configFile: place.file });
    requireAllowed(plan, { ...permissions, stack, strictness: strictnessOf(identity) });
  }
  const args = ["up", ...onEnvironment(place, identity), "--yes", "--skip-preview"];
  await explained(engine, stack, () => update(engine, stack, args));
  if (known) await record(place, identity, parameters);
  return { imageTag, address: `https://${config.datasetsServer.endpoints.public.host}`, expires };
}

/** Returns environments where they are. Tags are only asked for where nothing has been deployed that would tell. */
function occupants(
  { engine }: Place,
  environments: readonly Environment[],
  loadBalancers: readonly string[],
): Promise<PlacedOccupant[]> {
  return Promise.all(
    environments.map(async ({ identity, ingresses }) => {
      const { number } = identity;
      const recorded = ingresses.length > 0 ? {} : await parametersOf(engine, identity);
      return { number, ingresses, place: placeOf({ number, ingresses }, recorded, loadBalancers) };
    }),
  );
}

/** Creates the stack in a temporary project: Pulumi writes a file for it, and its configuration is its target's. */
async function createStack({ engine, file }: Place, { stack }: EnvironmentIdentity): Promise<void> {
  const files = { "Pulumi.yaml": path.join(projectFolder, "Pulumi.yaml"), [`Pulumi.${stack}.yaml`]: file };
  await inTemporaryProject(files, async (folder) => {
    await (await workspaceOf(engine, folder)).createStack(stack).catch((error: unknown) => {
      // Another run for the same number may have been a moment earlier.
      if (!(error instanceof StackAlreadyExistsError)) throw plainly(error);
    });
  });
}

/**
 * Records in the stack's tags what is known of the pull request. Not by Pulumi's library, which takes a title that begins
 * with a dash for a flag.
 */
async function record({ engine }: Place, { stack }: EnvironmentIdentity, parameters: Parameters): Promise<void> {
  for (const [name, value] of Object.entries(parameterRecords(parameters))) {
    const set = ["stack", "tag", "set", "--stack", stack, "--non-interactive", "--"];
    await execute(engine, [...set, tagName(name), value]);
  }
}
