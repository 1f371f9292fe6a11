import { Document, isScalar, visit } from "yaml";
import { longestSessionSeconds, trustPolicy, type WorkflowRole, workflowRoles } from "../lib/gitHubSettings";
import type { KubernetesObject } from "../lib/objects";
import { type AwsRole, type ClusterAccess, stackAccess } from "./clusters";
import { groups } from "./rbac";

/** The roles on AWS that are ours to make; who looks has a role already. */
const madeRoles = ["deploy", "preview", "drift"] as const satisfies readonly AwsRole[];

/** What stands for the repository where it is not known. */
export const anyRepository = "OWNER/REPOSITORY";

/**
 * Returns the files by which an administrator gives people and CI their permissions for a stack, by name.
 *
 * @param repository the one on GitHub whose workflows may assume roles, as OWNER/REPOSITORY.
 */
export function accessFiles(stack: string, repository = anyRepository): Record<string, string> {
  const access = stackAccess(stack);
  const policies = Object.entries(access.policies).map(([role, policy]) => [
    `${role}.policy.json`,
    `${JSON.stringify(policy, null, 2).replace(/\[\s+("[^"]*")\s+\]/g, "[$1]")}\n`,
  ]);
  const { name, account } = access.cluster;
  const trusts = madeRoles.flatMap((role) => {
    const workflow = workflowRole(name, role);
    if (workflow === undefined) return [];
    return [[`${role}.trust.json`, `${JSON.stringify(trustPolicy(workflow, account, repository), null, 2)}\n`]];
  });
  return {
    "kubernetes.yaml": yamlText([...access.objects, ...(access.environments ?? [])]),
    ...Object.fromEntries([...policies, ...trusts]),
    "aws.sh": awsCommands(access),
  };
}

/** The role that workflows assume; one preview role looks at all clusters, for the one comment. Undefined: no workflow does. */
function workflowRole(cluster: string, role: (typeof madeRoles)[number]): WorkflowRole | undefined {
  const name = roleName(cluster, role);
  return Object.keys(workflowRoles)
    .filter(isWorkflowRole)
    .find((known) => known === name);
}

function isWorkflowRole(name: string): name is WorkflowRole {
  return Object.hasOwn(workflowRoles, name);
}

/** The name of a role on AWS. */
function roleName(cluster: string, role: (typeof madeRoles)[number]): string {
  return role === "preview" ? "datasets-server-preview" : `datasets-server-${cluster}-${role}`;
}

function awsCommands({ cluster: { name, region, account } }: ClusterAccess): string {
  const session = ` --max-session-duration ${longestSessionSeconds}`;
  const make = madeRoles.flatMap((role) => [
    "",
    `# ${role}`,
    `aws iam create-role --role-name ${roleName(name, role)}${role === "deploy" ? session : ""} \\`,
    `  --assume-role-policy-document file://${role}.trust.json`,
    ...putPolicy(roleName(name, role), role),
    ...accessEntry(`arn:aws:iam::${account}:role/${roleName(name, role)}`, [groups[role]]),
  ]);
  function putPolicy(roleName: string, policy: string): string[] {
    return [
      `aws iam put-role-policy --role-name ${roleName} --policy-name datasets-server-${name}-${policy} \\`,
      `  --policy-document file://${policy}.policy.json`,
    ];
  }
  function accessEntry(principal: string, kubernetesGroups: readonly string[]): string[] {
    return [
      `aws eks create-access-entry --region ${region} --cluster-name ${name} \\`,
      `  --principal-arn ${principal} --kubernetes-groups ${kubernetesGroups.join(" ")}`,
    ];
  }
  return `${[
    "#!/bin/sh",
    `# An administrator of account ${account} runs this once, in this folder. A role or an entry that is there already is left as it is:`,
    "# put-role-policy changes its policy, update-assume-role-policy its trust, aws eks update-access-entry all of its groups.",
    "set -u",
    ...make,
    "",
    "# look: the role that people have already; LOOK_ROLE may name another.",
    `LOOK_ROLE="\${LOOK_ROLE:-EKS-HUB-Tensorboard}"`,
    ...putPolicy('"$LOOK_ROLE"', "look"),
    ...accessEntry(`"arn:aws:iam::${account}:role/$LOOK_ROLE"`, [groups.look]),
    `# To let the same people run commands in pods: --kubernetes-groups ${groups.look} ${groups.exec}`,
  ].join("\n")}\n`;
}

/** Lists of words stay on one line. */
function yamlText(objects: readonly KubernetesObject[]): string {
  return objects
    .map((object) => {
      const document = new Document(object, { aliasDuplicateObjects: false });
      visit(document, {
        Seq: (_key, list) => {
          list.flow = list.items.every(isScalar);
        },
      });
      return document.toString({ lineWidth: 0, flowCollectionPadding: false });
    })
    .join("---\n");
}
