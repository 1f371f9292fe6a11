import * as assert from "node:assert/strict";
import { z } from "zod";
import { type ClusterAccess, clusterAccess, type DocumentedCluster } from "../../../cli/access/clusters";
import type { Policy } from "../../../cli/access/iam";
import { deployAccess, environmentsAccess } from "../../../cli/access/rbac";
import { stateBucket } from "../../../config/accounts";
import { permissionsFor } from "../../../safety/permissions";

/** Keys that the engine was seen to use for a stack. */
function stateKeys(stack: string): string[] {
  return [
    `.pulumi/stacks/datasets-server/${stack}.json`,
    `.pulumi/stacks/datasets-server/${stack}.json.bak`,
    `.pulumi/stacks/datasets-server/${stack}.pulumi-tags`,
    `.pulumi/history/datasets-server/${stack}/${stack}-1795420967013024468.history.json`,
    `.pulumi/backups/datasets-server/${stack}/${stack}.1795420967208553305.json`,
    `.pulumi/locks/organization/datasets-server/${stack}/9ffa3686-23c8-41e4-b3b5-a08a65a829e8.json`,
  ];
}

/** Whether a pattern of IAM, where * stands for anything, covers a text. */
function covers(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}

/** Whether a policy allows an action on a key of the bucket. */
function allowsOnKey({ Statement }: Policy, action: string, key: string): boolean {
  const object = `arn:aws:s3:::${stateBucket.name}/${key}`;
  return Statement.some(
    ({ Action, Resource }) => Action.includes(action) && Resource.some((pattern) => covers(pattern, object)),
  );
}

const objectActions = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject"];

const accessTo = (name: DocumentedCluster) => clusterAccess(name);

describe("the policies of roles on AWS", () => {
  let prod: ClusterAccess;
  let ephemeral: ClusterAccess;

  before(async () => {
    prod = await accessTo("hub-prod");
    ephemeral = await accessTo("hub-ephemeral");
  });

  it("let the deploy role read and write all that the engine keeps of its stacks", () => {
    for (const [{ policies }, stacks] of [
      [prod, ["prod"]],
      [ephemeral, ["ephemeral", "pr-7"]],
    ] as const) {
      for (const key of stacks.flatMap(stateKeys)) {
        assert.ok(allowsOnKey(policies.deploy, "s3:GetObject", key), key);
        assert.ok(allowsOnKey(policies.deploy, "s3:PutObject", key), key);
      }
    }
  });

  it("let no role reach another cluster's state", () => {
    const others = [
      [prod, ["ephemeral", "pr-7", "prod-hub-green", "local"]],
      [ephemeral, ["prod", "prod-hub-green", "local"]],
    ] as const;
    for (const [{ policies }, stacks] of others) {
      for (const key of stacks.flatMap(stateKeys)) {
        for (const policy of Object.values(policies)) {
          assert.deepEqual(
            objectActions.filter((action) => allowsOnKey(policy, action, key)),
            [],
            key,
          );
          const listed = policy.Statement.flatMap(({ Condition }) => [
            ...(Condition?.StringLike?.["s3:prefix"] ?? []),
            ...(Condition?.StringEquals?.["s3:prefix"] ?? []),
          ]);
          assert.deepEqual(
            listed.filter((prefix) => covers(prefix, key)),
            [],
          );
        }
      }
    }
  });

  it("let those who deploy, preview and look list the stacks that come and go, and no others with them", () => {
    const listed = ({ policies }: ClusterAccess) =>
      Object.values(policies).flatMap(({ Statement }) =>
        Statement.flatMap(({ Condition }) => Condition?.StringLike?.["s3:prefix"] ?? []),
      );
    const together = ".pulumi/stacks/datasets-server/pr-";
    assert.equal(listed(ephemeral).filter((prefix) => covers(prefix, together)).length, 3);
    assert.equal(listed(prod).filter((prefix) => covers(prefix, together)).length, 0);
  });

  it("let a stack that stays lose no more than its locks, and one that passes all", () => {
    const deletable = ({ policies }: ClusterAccess, stack: string) =>
      stateKeys(stack).filter((key) => allowsOnKey(policies.deploy, "s3:DeleteObject", key));
    const locks = (stack: string) => stateKeys(stack).filter((key) => key.startsWith(".pulumi/locks/"));
    assert.deepEqual(deletable(prod, "prod"), locks("prod"));
    assert.deepEqual(deletable(ephemeral, "ephemeral"), locks("ephemeral"));
    assert.deepEqual(deletable(ephemeral, "pr-7"), stateKeys("pr-7"));
  });

  it("let the deploy role read earlier versions of the states of stacks that stay, and of nothing else", () => {
    const versioned = ({ policies }: ClusterAccess, stack: string) =>
      stateKeys(stack).filter((key) => allowsOnKey(policies.deploy, "s3:GetObjectVersion", key));
    assert.deepEqual(versioned(prod, "prod"), [".pulumi/stacks/datasets-server/prod.json"]);
    assert.deepEqual(versioned(ephemeral, "pr-7"), []);
  });

  it("let the roles that preview and look for drift write nothing, and those who look around not decrypt either", () => {
    for (const { policies } of [prod, ephemeral]) {
      const reading = ["eks:DescribeCluster", "s3:ListBucket", "s3:GetObject"];
      const actions = ({ Statement }: Policy) => new Set(Statement.flatMap(({ Action }) => Action));
      assert.deepEqual(actions(policies.preview), new Set([...reading, "kms:Decrypt"]));
      assert.deepEqual(actions(policies.drift), new Set([...reading, "kms:Decrypt"]));
      assert.deepEqual(actions(policies.look), new Set(reading));
    }
  });

  it("let a role use its own cluster and its own key only", () => {
    for (const { cluster, policies } of [prod, ephemeral]) {
      for (const { Statement } of [policies.deploy, policies.preview]) {
        const find = (action: string) => Statement.filter(({ Action }) => Action.includes(action));
        const arn = `arn:aws:eks:us-east-1:707930574880:cluster/${cluster.name}`;
        assert.deepEqual(
          find("eks:DescribeCluster").map(({ Resource }) => Resource),
          [[arn]],
        );
        assert.deepEqual(
          find("kms:Decrypt").map(({ Condition }) => Condition),
          [{ "ForAnyValue:StringEquals": { "kms:ResourceAliases": `alias/datasets-server-${cluster.name}` } }],
        );
      }
    }
  });

  it("let bootstrap change no other bucket, and no key that has another name", () => {
    for (const { cluster, policies } of [prod, ephemeral]) {
      const { Statement } = policies.bootstrap;
      const buckets = Statement.filter(({ Action }) => Action.some((action) => action.startsWith("s3:")));
      const arn = `arn:aws:s3:::${stateBucket.name}`;
      assert.deepEqual(
        buckets.flatMap(({ Resource }) => Resource),
        [arn, `${arn}/.pulumi/meta.yaml`],
      );
      const alias = `alias/datasets-server-${cluster.name}`;
      const own = { "ForAnyValue:StringEquals": { "kms:ResourceAliases": alias } };
      const nameless = { Null: { "kms:ResourceAliases": "true" } };
      const tagged = { StringEquals: { "aws:RequestTag/Project": "datasets-server" }, ...nameless };
      const changing = ["CreateAlias", "CreateKey", "EnableKeyRotation", "Encrypt", "TagResource"];
      const conditions = changing.map((action) =>
        Statement.filter(({ Action }) => Action.includes(`kms:${action}`)).map(({ Resource, Condition }) =>
          Condition ? Condition : Resource,
        ),
      );
      const name = [`arn:aws:kms:us-east-1:707930574880:${alias}`];
      assert.deepEqual(conditions, [[name, nameless], [tagged], [own], [own], [tagged]]);
    }
  });

  it("fit into what AWS takes as a managed policy: 6144 characters", () => {
    for (const policy of [prod, ephemeral].flatMap(({ policies }) => Object.values(policies))) {
      assert.ok(JSON.stringify(policy).length <= 6144);
    }
  });
});

describe("the roles on a cluster", () => {
  const namespace = "datasets-server";
  const permissions = permissionsFor(["ConfigMap", "Secret", "Deployment"], namespace);

  const roleRules = z.array(
    z.object({ apiGroups: z.tuple([z.string()]), resources: z.array(z.string()), verbs: z.array(z.string()) }),
  );

  /** Every permission that the rules of a role give. */
  function permissionsOf(rules: unknown): { verb: string; group: string; resource: string }[] {
    return roleRules
      .parse(rules)
      .flatMap(({ apiGroups: [group], resources, verbs }) =>
        resources.flatMap((resource) => verbs.map((verb) => ({ verb, group, resource }))),
      );
  }

  const sorted = (texts: readonly unknown[]) => texts.map((text) => JSON.stringify(text)).sort();

  it("give exactly the permissions that they are made from", () => {
    const [role, ...others] = deployAccess(permissions);
    assert.deepEqual(
      sorted(permissionsOf(role?.rules)),
      sorted(permissions.map(({ verb, group, resource }) => ({ verb, group, resource }))),
    );
    assert.deepEqual(
      others.map(({ kind }) => kind),
      ["RoleBinding"],
    );
  });

  it("of production are in its namespace alone, but for what those who look see of the cluster", async () => {
    const { objects } = await accessTo("hub-prod");
    assert.deepEqual(
      objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`),
      [
        "Role datasets-server/datasets-server-deploy",
        "RoleBinding datasets-server/datasets-server-deploy",
        "Role datasets-server/datasets-server-preview",
        "RoleBinding datasets-server/datasets-server-preview",
        "Role datasets-server/datasets-server-drift",
        "RoleBinding datasets-server/datasets-server-drift",
        "ClusterRole undefined/datasets-server-look",
        "ClusterRole undefined/datasets-server-exec",
        "RoleBinding datasets-server/datasets-server-look",
        "RoleBinding datasets-server/datasets-server-exec",
        "ClusterRole undefined/datasets-server-look-around",
        "ClusterRoleBinding undefined/datasets-server-look-around",
      ],
    );
  });

  it("for previews read, and no Secret", async () => {
    for (const name of ["hub-prod", "hub-ephemeral"] as const) {
      const { objects } = await accessTo(name);
      const preview = objects.find(({ kind, metadata }) => kind === "Role" && metadata.name.endsWith("-preview"));
      const readable = permissionsOf(preview?.rules);
      assert.deepEqual(new Set(readable.map(({ verb }) => verb)), new Set(["get", "list"]));
      const listed = readable.filter(({ verb }) => verb === "list").map(({ resource }) => resource);
      assert.deepEqual(
        listed.sort(),
        [
          "cronjobs",
          "deployments",
          "horizontalpodautoscalers",
          "ingresses",
          "poddisruptionbudgets",
          "podmonitors",
          "serviceaccounts",
          "servicemonitors",
          "services",
        ],
        "what a Helm release may have, and no more",
      );
      assert.ok(readable.some(({ resource }) => resource === "deployments"));
      assert.ok(!readable.some(({ resource }) => resource === "secrets"));
    }
  });

  it("for environments bind nothing but namespaces and the like in the whole cluster", () => {
    const needed = [...permissions, ...permissionsFor(["Namespace", "PersistentVolumeClaim"], namespace)];
    const objects = environmentsAccess(needed, []);
    const bound = objects
      .filter(({ kind }) => kind === "ClusterRoleBinding")
      .map(({ roleRef }) => Object(roleRef).name);
    const rules = objects.filter(({ kind, metadata }) => kind === "ClusterRole" && bound.includes(metadata.name));
    const resources = rules.flatMap(({ rules }) => permissionsOf(rules)).map(({ resource }) => resource);
    assert.deepEqual(new Set(resources), new Set(["namespaces", "storageclasses", "rolebindings", "clusterroles"]));
  });
});
