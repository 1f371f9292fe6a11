import fs from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import {
  type AwsAnswers,
  type AwsStandInFiles,
  account,
  awsStandInEnvironment,
  installAwsStandIn,
  region,
} from "../aws";
import type { Engine } from "./engine";

const kubeconfigFile = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.string(), "certificate-authority-data": z.string() }) }),
  ]),
});

/** The team's AWS account with one EKS cluster, which is the cluster of a kubeconfig. */
export async function awsAnswers(clusterName: string, kubeconfig: string): Promise<AwsAnswers> {
  const [{ cluster }] = kubeconfigFile.parse(parse(await fs.readFile(kubeconfig, "utf8"))).clusters;
  return {
    account,
    region,
    callerArn: `arn:aws:sts::${account}:assumed-role/deployer/tests`,
    clusters: {
      [clusterName]: {
        endpoint: cluster.server,
        certificateAuthority: cluster["certificate-authority-data"],
        status: "ACTIVE",
        version: "1.36",
      },
    },
  };
}

/** The variables with which an engine meets the stand-ins for AWS, and the plugin where it looks for it. */
export async function awsVariables(engine: Engine, files: AwsStandInFiles): Promise<NodeJS.ProcessEnv> {
  await installAwsStandIn(engine.pulumiHome);
  const { PATH, ...variables } = awsStandInEnvironment(files);
  // Of its PATH only what it adds: the rest would hide the engine's own.
  const [standIns = ""] = (PATH ?? "").split(path.delimiter);
  return { ...variables, PATH: [standIns, engine.path].join(path.delimiter) };
}
