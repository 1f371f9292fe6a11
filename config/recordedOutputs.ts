import * as pulumi from "@pulumi/pulumi";

/**
 * Returns the outputs that this stack's last update has left; none for a stack that was never updated.
 *
 * A StackReference to the stack itself would be a resource of it, which every refresh finds changed. So this is the call behind it, which leaves
 * no such resource (decision 0031).
 */
export async function recordedOutputs(): Promise<Readonly<Record<string, unknown>>> {
  const name = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const { outputs } = await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name });
  return Object(outputs);
}
