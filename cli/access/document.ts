import { Document, isScalar, visit } from "yaml";
import { clusterArn } from "../../cluster/eks";
import { stateBucket } from "../../config/accounts";
import type { KubernetesObject } from "../lib/objects";
import { type ClusterAccess, clusterAccess, documentedClusters } from "./clusters";
import type { Policy } from "./iam";
import { environmentObjects, environmentRole, groups } from "./rbac";

/** The text of docs/access.md. */
export function accessDocument(): string {
  const sections: string[] = [introduction];
  for (const name of documentedClusters) {
    sections.push(section(clusterAccess(name)));
  }
  return sections.join("\n");
}

const introduction = `# Access

What a deployer, or CI, must be allowed to do, for each cluster: exactly that, and no more. This page is made from the objects
of the stacks (\`make generate\`). When a pull request changes it, an administrator applies the change **before** the pull request
is deployed. An update looks first: it names every permission that is missing, and then changes nothing.

There are two roles a cluster. The **deploy** role runs \`pulumi up\`, \`refresh\` and \`destroy\`. The **preview** role runs
\`pulumi preview\`: it reads no Secret of the cluster and writes nothing; what a Helm release may have there it
also lists, to warn of an update that would harm one. As every preview it does decrypt the stack file's secrets
and the state, so one that runs a program that was not reviewed is for people to approve first. The plan is complete; beside an object that
would be made it says "forbidden". Whether a Secret that would be made exists already it cannot tell, and says so.

Set up each role once:

1. Make an IAM role with the policy below. Who may assume it is its trust policy, which is yours.
2. Make the IAM role a member of a Kubernetes group, by an access entry. The cluster's authentication mode must be \`API\` or
   \`API_AND_CONFIG_MAP\`.
3. As an administrator of the cluster, save the Kubernetes objects below as a file and \`kubectl apply --filename\` it.

To see who you are: \`aws sts get-caller-identity\`, \`kubectl auth whoami\`. What you may do:
\`kubectl auth can-i --list --namespace datasets-server\`.

The permissions are those that the engine uses, as an audit log of the API server shows. It applies objects (\`patch\`, and \`create\` where
one is new), looks at them (\`get\`), deletes them (\`delete\`) and waits for the end of them (\`list\`, \`watch\`). It also watches pods,
ReplicaSets, claims, endpoints and events to tell whether what it made is ready, and why not; without a permission to them it would
wait in silence. No one needs permissions to nodes or custom resource definitions.

The state of all stacks is in the bucket \`${stateBucket.name}\`. A role reaches the state of its own cluster's
stacks only, and its own cluster's key only. Neither role may make or change the bucket or a key. An administrator who runs \`ds bootstrap\`
may, with a policy of each cluster in addition to that of its deploy role. It leaves keys alone that have another name, and deletes
nothing. AWS takes up to five minutes until the name of a new key counts in policies; until then a key that was just made may be
forbidden, and \`ds bootstrap\` goes on where it stopped when it is run again.
`;

function section({ cluster, namespace, objects, environments, policies }: ClusterAccess): string {
  const { name, region, account } = cluster;
  const accessEntry = (role: keyof typeof groups) =>
    [
      `aws eks create-access-entry --region ${region} --cluster-name ${name}`,
      `--principal-arn arn:aws:iam::${account}:role/${roleName(name, role)} --kubernetes-groups ${groups[role]}`,
    ].join(" \\\n  ");
  return `## ${name}

\`${clusterArn(cluster)}\`, namespace \`${namespace}\`.

### Roles of ${name} on AWS

The roles' names are a proposal; where yours differ, put them into the commands.

${block("sh", `${accessEntry("deploy")}\n${accessEntry("preview")}`)}

IAM policy of \`${roleName(name, "deploy")}\`:

${block("json", policyText(policies.deploy))}

IAM policy of \`${roleName(name, "preview")}\`:

${block("json", policyText(policies.preview))}

IAM policy for \`ds bootstrap\` of ${name}'s stacks, with that of \`${roleName(name, "deploy")}\`:

${block("json", policyText(policies.bootstrap))}

### Permissions on ${name}

The namespace is there before the first deploy; only an administrator changes it.

${block("yaml", yamlText(objects))}
${environments ? environmentsSection(name, environments) : ""}`;
}

function environmentsSection(name: string, environments: NonNullable<ClusterAccess["environments"]>): string {
  const first = environmentObjects({ stack: "pr-7", namespace: "datasets-server-pr-7" });
  return `
### Environments of pull requests on ${name}

Each environment has a namespace of its own, \`datasets-server-pr-<number>\`, which comes and goes with it. RBAC cannot say which
namespaces a group may make, so an admission policy does. It refuses the deploy group every other name, for making, changing
and deleting. The policy holds for all members of that group, an administrator too.

Within an environment the group has its permissions once ClusterRole \`${environmentRole}\` is bound there. It may bind that
role to itself, there and nowhere else: bound in the whole cluster, the same permissions would open every Secret of every namespace.
So \`ds pr up 7\`, as the deploy role, makes these before it has Pulumi make the rest:

${block("yaml", yamlText(first))}

For that the cluster has, from an administrator:

${block("yaml", yamlText(environments))}
`;
}

function roleName(cluster: string, role: keyof typeof groups): string {
  return `datasets-server-${cluster}-${role}`;
}

/** A list of one stays on its line. */
function policyText(policy: Policy): string {
  return JSON.stringify(policy, null, 2).replace(/\[\s+("[^"]*")\s+\]/g, "[$1]");
}

/** Lists of words stay on one line. */
function yamlText(objects: readonly KubernetesObject[]): string {
  return objects
    .map((object) => {
      const document = new Document(object);
      visit(document, {
        Seq: (_key, list) => {
          list.flow = list.items.every(isScalar);
        },
      });
      return document.toString({ lineWidth: 0, flowCollectionPadding: false });
    })
    .join("---\n");
}

function block(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}
