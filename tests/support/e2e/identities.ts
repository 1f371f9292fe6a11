import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { startCluster } from "../../../tools/cluster";
import { findTools } from "../../../tools/install";
import { localGroups } from "../../../tools/toolbox";
import { connect, type Kubernetes } from "./kubernetes";

/** Somebody with a kubeconfig and no other right than those that the tests give to the groups they are in. */
export interface Identity {
  readonly kubeconfig: string;
  readonly kubernetes: Kubernetes;
}

export interface ClusterOfIdentities<Name extends string> {
  /** With all rights. */
  readonly kubernetes: Kubernetes;
  identity(name: Name): Identity;
  /** What an identity has asked for and been given since the cluster started, as `verb resource.group in namespace`. */
  usedRights(name: Name): Promise<ReadonlySet<string>>;
  stop(): Promise<void>;
}

/**
 * Starts a cluster in `workspace`, an existing folder, that knows identities by name, each in the groups given.
 *
 * @throws when the tools are not installed, or it does not get ready.
 */
export async function clusterOfIdentities<Name extends string>(
  workspace: string,
  groupsOf: Readonly<Record<Name, readonly string[]>>,
): Promise<ClusterOfIdentities<Name>> {
  const file = (name: string) => path.join(workspace, name);
  const tokens = new Map(Object.keys(groupsOf).map((name) => [name, randomBytes(24).toString("hex")]));
  const lines = Object.entries<readonly string[]>(groupsOf).map(
    ([name, groups]) => `${tokens.get(name)},${name},${name},"${groups.join(",")}"\n`,
  );
  await fs.writeFile(file("tokens.csv"), lines.join(""), { mode: 0o600 });
  await fs.writeFile(file("audit.yaml"), stringify(auditPolicy([...tokens.keys()])));
  const { kubeconfig, stop } = await startCluster(findTools(localGroups), workspace, {
    podStages: "fast",
    apiServerArgs: {
      "token-auth-file": file("tokens.csv"),
      "audit-policy-file": file("audit.yaml"),
      "audit-log-path": file("audit.log"),
    },
    log: () => {},
  });
  const administrators = await fs.readFile(kubeconfig, "utf8");
  const identities = new Map<string, Identity>();
  for (const [name, token] of tokens) {
    const own: { users: [{ user: object }] } = parse(administrators);
    own.users[0].user = { token };
    await fs.writeFile(file(`${name}-kubeconfig`), stringify(own), { mode: 0o600 });
    identities.set(name, { kubeconfig: file(`${name}-kubeconfig`), kubernetes: connect(file(`${name}-kubeconfig`)) });
  }
  return {
    kubernetes: connect(kubeconfig),
    identity: (name) => identities.get(name) ?? assert.fail(`nobody is called ${name}`),
    usedRights: (name) => readAudit(file("audit.log"), name),
    stop,
  };
}

/** Writes down whole requests when they end, but a watch when it begins: it may last as long as the cluster. */
function auditPolicy(users: readonly string[]) {
  const level = "Metadata";
  return {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    rules: [
      { level, users, verbs: ["watch"], omitStages: ["RequestReceived", "ResponseComplete"] },
      { level, users, omitStages: ["RequestReceived", "ResponseStarted"] },
      { level: "None" },
    ],
  };
}

const auditEvent = z.object({
  verb: z.string(),
  user: z.object({ username: z.string() }),
  objectRef: z
    .object({ apiGroup: z.string().default(""), resource: z.string(), namespace: z.string().optional() })
    .optional(),
  responseStatus: z.object({ code: z.number().default(0) }).optional(),
});

async function readAudit(file: string, user: string): Promise<ReadonlySet<string>> {
  const lines = (await fs.readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  const used = lines
    .map((line) => auditEvent.parse(JSON.parse(line)))
    .filter(({ user: { username }, responseStatus }) => username === user && responseStatus?.code !== 403)
    .flatMap(({ verb, objectRef, responseStatus }) => {
      if (objectRef === undefined) return [];
      const { apiGroup, resource, namespace } = objectRef;
      // To apply what is not there yet takes the right to create, too.
      const verbs = verb === "patch" && responseStatus?.code === 201 ? ["patch", "create"] : [verb];
      return verbs.map((used) => permissionText({ verb: used, group: apiGroup, resource, namespace }));
    });
  return new Set(used);
}

/** As in `create deployments.apps in datasets-server`. */
export function permissionText(permission: {
  verb: string;
  group: string;
  resource: string;
  namespace?: string;
}): string {
  const { verb, group, resource, namespace } = permission;
  return `${verb} ${group ? `${resource}.${group}` : resource}${namespace ? ` in ${namespace}` : ""}`;
}
