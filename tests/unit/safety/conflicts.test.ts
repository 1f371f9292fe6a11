import * as assert from "node:assert/strict";
import type { KubernetesObject, V1ObjectMeta } from "@kubernetes/client-node";
import { helmLabels, stackLabel } from "../../../catalog/names";
import type { LiveObjects, Where } from "../../../cluster/liveObjects";
import { type ConflictArgs, type Conflicts, findConflicts, requireNoConflicts } from "../../../safety/conflicts";
import { stackRun } from "../../support/stackRuns";

const namespace = "datasets-server";
const release = { "meta.helm.sh/release-name": "prod", "meta.helm.sh/release-namespace": namespace };

function ofChart(kind: string, name: string, metadata: V1ObjectMeta = {}): KubernetesObject {
  return { kind, metadata: { name, namespace, labels: helmLabels("prod"), annotations: release, ...metadata } };
}

function ingress(
  name: string,
  loadBalancer: { name?: string; group?: string },
  metadata: V1ObjectMeta = {},
): KubernetesObject {
  const annotations = {
    ...(loadBalancer.name && { "alb.ingress.kubernetes.io/load-balancer-name": loadBalancer.name }),
    ...(loadBalancer.group && { "alb.ingress.kubernetes.io/group.name": loadBalancer.group }),
  };
  return {
    kind: "Ingress",
    metadata: { name, namespace, ...metadata, annotations: { ...annotations, ...metadata.annotations } },
  };
}

/** A cluster as an identity sees it that may not list the forbidden, such as `Ingress everywhere` or `Service`. */
function cluster(objects: readonly KubernetesObject[], forbidden: readonly string[] = []): LiveObjects {
  const has = ({ metadata }: KubernetesObject, where: Where) =>
    (where.namespace === undefined || metadata?.namespace === where.namespace) &&
    Object.entries(where.labels ?? {}).every(([key, value]) => metadata?.labels?.[key] === value);
  return {
    find: () => assert.fail("nothing is looked up one by one"),
    peek: () => assert.fail("nothing is looked up one by one"),
    remove: () => assert.fail("nothing is deleted"),
    list: () => assert.fail("an identity that may not list it is no failure"),
    look: ({ kind }, where) => {
      const isForbidden = forbidden.includes(kind) || (!where.namespace && forbidden.includes(`${kind} everywhere`));
      const found = objects.filter((object) => object.kind === kind && has(object, where));
      return Promise.resolve(isForbidden ? "forbidden" : found);
    },
    patchMetadata: () => assert.fail("nothing is changed"),
  };
}

/** Returns the message of an update's UserError. */
function messageOf(found: Conflicts): string {
  try {
    requireNoConflicts("prod", found);
  } catch (error) {
    return error instanceof Error ? error.message : assert.fail("no error was thrown");
  }
  return assert.fail("the update goes on");
}

describe("an update of a stack on EKS", () => {
  let prod: ConflictArgs;
  let environment: ConflictArgs;

  before(async () => {
    prod = await argsOf("prod");
    environment = await argsOf("pr-7");
  });

  async function argsOf(stack: string): Promise<ConflictArgs> {
    const { specifiesCutover, datasetsServer } = (await stackRun(stack)).config;
    const { scope, endpoints } = datasetsServer;
    return { scope, endpoints, specifiesCutover };
  }

  describe("in a namespace with a Helm release of the chart", () => {
    const chart = [
      ofChart("Deployment", "prod-datasets-server-admin"),
      // Argo CD sets no annotation.
      ofChart("Deployment", "prod-datasets-server-api", { annotations: {} }),
      ofChart("Service", "prod-datasets-server-admin"),
      ofChart("CronJob", "prod-datasets-server-job-backfill"),
    ];

    it("is an error with the objects, the two ways and the key of each, when the stack file specifies neither", async () => {
      assert.equal(
        messageOf(await findConflicts(cluster(chart), prod)),
        [
          "this update of stack prod would harm what runs already; no changes were made.",
          "namespace datasets-server has live objects of Helm release prod: Deployment datasets-server/prod-datasets-server-admin, " +
            "Deployment datasets-server/prod-datasets-server-api",
          "Is stack prod to come up beside that release, or to adopt its objects in place? Its stack file specifies neither. " +
            "docs/cutover.md compares both ways and goes through each; set the key of one:",
          "  beside: the release keeps serving until you move the traffic, and scheduled jobs and the migration wait",
          "    ds pulumi prod -- config set --type bool datasets-server:standby true",
          "  in place: the release's objects become the stack's, without a restart",
          "    ds pulumi prod -- config set --path datasets-server:helm.release prod",
        ].join("\n"),
      );
    });

    it("goes on when the stack file specifies one way", async () => {
      requireNoConflicts("prod", await findConflicts(cluster(chart), { ...prod, specifiesCutover: true }));
    });

    for (const [what, objects] of Object.entries({
      "has none": [],
      "has one of another chart": [
        ofChart("Deployment", "m", { labels: { ...helmLabels("m"), "helm.sh/chart": "mongodb" } }),
      ],
      "has one in another namespace": [ofChart("Deployment", "a", { namespace: "hub" })],
    })) {
      it(`goes on where the namespace ${what}`, async () => {
        requireNoConflicts("prod", await findConflicts(cluster(objects), prod));
      });
    }

    it("names the kind that this identity may not list", async () => {
      const { release } = await findConflicts(cluster(chart, ["Deployment"]), prod);
      assert.deepEqual(release, { unknown: ["Deployment"] });
    });
  });

  describe("beside Ingresses of others", () => {
    const shared = { name: "datasets-server-prod", group: "datasets-server" };

    it("is an error when they have its load balancers, with the keys to set", async () => {
      const found = await findConflicts(
        cluster([
          ingress("prod-datasets-server-api", shared),
          ingress("prod-datasets-server-rows", shared),
          ingress("hub", { group: "datasets-server-internal" }, { namespace: "hub" }),
          ingress("another-systems", { name: "hub", group: "hub" }),
        ]),
        prod,
      );
      assert.equal(
        messageOf(found),
        [
          "this update of stack prod would harm what runs already; no changes were made.",
          "Ingresses that are not stack prod's have its load balancers, which would get the rules of both:",
          "  datasets-server:ingress.public.loadBalancer.name: datasets-server-prod is that of 2: " +
            "Ingress datasets-server/prod-datasets-server-api, Ingress datasets-server/prod-datasets-server-rows",
          "  datasets-server:ingress.public.loadBalancer.group: datasets-server is that of 2: " +
            "Ingress datasets-server/prod-datasets-server-api, Ingress datasets-server/prod-datasets-server-rows",
          "  datasets-server:ingress.internal.loadBalancer.group: datasets-server-internal is that of 1: Ingress hub/hub",
          "Beside them the stack needs load balancers of its own: set each of these keys to another name, as in " +
            'docs/cutover.md, "Beside, step 1". Where they are of the release that it is to adopt, helm.release is enough.',
        ].join("\n"),
      );
    });

    it("goes on when they are its own, or of the release that it adopts", async () => {
      const own = ingress("api", shared, { labels: { [stackLabel]: "prod" } });
      const chart = ingress("chart", shared, { labels: helmLabels("prod"), annotations: release });
      requireNoConflicts("prod", await findConflicts(cluster([own]), prod));
      const adopting = { ...prod, scope: { ...prod.scope, helmRelease: "prod" }, specifiesCutover: true };
      requireNoConflicts("prod", await findConflicts(cluster([own, chart]), adopting));
      assert.ok((await findConflicts(cluster([chart]), prod)).loadBalancers.conflict);
    });

    it("of an environment goes on beside those of other environments, which share its load balancer, and of no other", async () => {
      const { name } = environment.endpoints.public.loadBalancer;
      const of = (stack: string) => ingress("api", { name, group: name }, { labels: { [stackLabel]: stack } });
      const look = async (stack: string) => (await findConflicts(cluster([of(stack)]), environment)).loadBalancers;
      assert.equal((await look("pr-8")).conflict, undefined);
      assert.match((await look("ephemeral")).conflict?.found ?? "", /datasets-server:pullRequest\.loadBalancers: /);
    });

    it("looks at its own namespace where it may look at no other, and knows nothing where it may not either", async () => {
      const ingresses = [ingress("here", shared), ingress("there", shared, { namespace: "hub" })];
      const near = await findConflicts(cluster(ingresses, ["Ingress everywhere"]), prod);
      assert.match(near.loadBalancers.conflict?.found ?? "", /is that of 1: Ingress datasets-server\/here\n/);
      const blind = await findConflicts(cluster(ingresses, ["Ingress"]), prod);
      assert.deepEqual(blind.loadBalancers, { unknown: ["Ingress"] });
    });
  });
});
