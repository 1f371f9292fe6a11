import * as pulumi from "@pulumi/pulumi";
import type { MockResourceArgs } from "@pulumi/pulumi/runtime";
import { clusterProvider } from "../../cluster/cluster";
import { buildObjects, imagesOf } from "../../components/buildObjects";
import { DatasetsServer } from "../../components/datasetsServer";
import { projectName } from "../../config/accounts";
import type { Config } from "../../config/build";
import { type StackConfigOptions, stackConfig } from "./stackConfig";

/** A resource that was registered. */
export interface RegisteredResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Names of the inputs that the engine would keep encrypted. */
  readonly secretInputs: readonly string[];
  readonly provider: string;
}

export interface StackRegistration {
  readonly config: Config;
  readonly resources: readonly RegisteredResource[];
  /** Each resource with its options as it was about to be registered. */
  readonly observed: readonly pulumi.ResourceTransformationArgs[];
}

/** Registers all objects of a stack with mocks in the place of the engine, and says what was registered. */
export async function registeredStack(stack: string, options: StackConfigOptions = {}): Promise<StackRegistration> {
  const config = await stackConfig(stack, options);
  const resources: RegisteredResource[] = [];
  const observed: pulumi.ResourceTransformationArgs[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        resources.push(registered(args));
        // The API server gives each object an identity of its own.
        const metadata = { ...args.inputs.metadata, uid: `${args.name}-uid` };
        return { id: `${args.name}-id`, state: { ...args.inputs, metadata } };
      },
      call: ({ token }) => fail(`nothing is looked up while objects are registered, but ${token} was`),
    },
    projectName,
    stack,
    true,
  );
  await pulumi.runtime.runInPulumiStack(async () => {
    const { datasetsServer } = config;
    const { scope } = datasetsServer;
    const connection = { kubeconfig: "{}", context: "here", identifier: "here" };
    new DatasetsServer(
      scope.release,
      { scope, objects: buildObjects(datasetsServer), url: "https://here", images: imagesOf(datasetsServer) },
      {
        provider: clusterProvider("kubernetes", connection, scope.namespace, {}),
        transformations: [
          (resource) => {
            observed.push(resource);
            return undefined;
          },
        ],
      },
    );
  });
  // Registrations go on after the program has returned; this waits for the last of them.
  await pulumi.runtime.disconnect();
  return { config, resources, observed };
}

function fail(message: string): never {
  throw new Error(message);
}

function registered({ type, name, inputs, provider = "" }: MockResourceArgs): RegisteredResource {
  const values: Record<string, unknown> = inputs;
  const secretInputs = Object.keys(values).filter((key) => pulumi.runtime.isRpcSecret(values[key]));
  return { type, name, inputs: unwrap(values), secretInputs, provider };
}

function unwrap(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, pulumi.runtime.unwrapRpcSecret(value)]));
}
