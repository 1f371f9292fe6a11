import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { loadYaml, type V1Ingress } from "@kubernetes/client-node";
import { answerTo } from "../../../tools/addons/dns";
import { readinessGatePolicy } from "../../../tools/addons/readinessGates";
import { type Action, type Asked, actionFor, loadBalancersOf, targetGroupsOf } from "../../../tools/addons/rules";

const expectedFolder = path.join(__dirname, "../../expected");

/** The Ingresses of a stack as its golden files have them. */
function ingressesOf(stack: string): V1Ingress[] {
  const folder = path.join(expectedFolder, stack);
  return readdirSync(folder)
    .filter((name) => name.startsWith("ingress-"))
    .map((name) => loadYaml<V1Ingress>(readFileSync(path.join(folder, name), "utf8")));
}

function ask(stack: string, url: string, protocol: Asked["protocol"] = "HTTPS"): Action {
  const { hostname: host, pathname, search } = new URL(url);
  return actionFor(loadBalancersOf(ingressesOf(stack)), { host, path: pathname, query: search.slice(1), protocol });
}

const service = (action: Action) => (action.do === "forward" ? action.to.service : action.do);

describe("the stand-in for load balancers", () => {
  it("sends each path of a host to the service whose Ingress names it, by the group's order", () => {
    const paths = {
      "/healthcheck": "api",
      "/valid?dataset=x": "api",
      "/admin/healthcheck": "admin",
      "/admin": "admin",
      "/administrator": "api",
      "/rows?dataset=x": "rows",
      "/search": "search",
      "/filter": "search",
      "/sse/hub-cache": "sse-api",
      "/webhook": "webhook",
    };
    for (const [each, name] of Object.entries(paths)) {
      const answer = ask("prod", `https://internal.datasets-server.huggingface.co${each}`);
      assert.equal(service(answer), `datasets-server-prod-${name}`, each);
    }
  });

  it("answers by itself where an action says so, and no longer path is meant", () => {
    const host = "https://datasets-server.localhost";
    assert.deepEqual(ask("local", `${host}/metrics`), {
      do: "answer",
      status: 401,
      contentType: "text/plain",
      body: "401 Unauthorized",
    });
    assert.equal(service(ask("local", `${host}/metrics/more`)), "datasets-server-local-api");
    assert.equal(
      service(ask("local", "https://internal.datasets-server.localhost/metrics")),
      "datasets-server-local-api",
    );
    assert.deepEqual(ask("local", `${host}/openapi.json?a=b`), {
      do: "redirect",
      status: 302,
      location: "https://raw.githubusercontent.com:443/huggingface/dataset-viewer/main/docs/source/openapi.json?a=b",
    });
  });

  it("sends HTTP on to HTTPS where a group says so, and answers 404 for hosts that no rule names", () => {
    assert.deepEqual(ask("local", "http://datasets-server.localhost/rows?a=b", "HTTP"), {
      do: "redirect",
      status: 301,
      location: "https://datasets-server.localhost:443/rows?a=b",
    });
    assert.equal(
      service(ask("prod", "http://datasets-server.huggingface.co/rows", "HTTP")),
      "datasets-server-prod-rows",
    );
    const elsewhere = ask("local", "https://example.com/");
    assert.equal(elsewhere.do === "answer" && elsewhere.status, 404);
  });

  it("makes a target group of each Service and Ingress, with the health check and cookies that its annotations say", () => {
    const groups = targetGroupsOf(ingressesOf("local"));
    assert.equal(groups.length, 12);
    assert.equal(new Set(groups.map(({ name }) => name)).size, 12);
    assert.ok(groups.every(({ name }) => name.length <= 63));
    const [admin] = groups.filter(({ service }) => service === "datasets-server-local-admin");
    assert.equal(admin?.healthPath, "/admin/healthcheck");
    assert.equal(admin?.deregistrationDelaySeconds, 300);
    const sticky = groups.filter(({ stickySeconds }) => stickySeconds !== undefined);
    assert.deepEqual([...new Set(sticky.map(({ service }) => service))], ["datasets-server-local-search"]);
  });

  it("has the API server give a Service's pods one gate for each of its target groups", () => {
    const selector = { app: "api", instance: "local" };
    const gates = ["a", "b"].map((conditionType) => ({ conditionType, namespace: "ns", selector }));
    const [policy] = readinessGatePolicy(gates);
    const mutations = policy && "mutations" in policy.spec ? policy.spec.mutations : [];
    assert.deepEqual(
      mutations?.map(({ jsonPatch }) => jsonPatch.expression),
      [
        [
          'request.namespace == "ns" && has(object.metadata.labels)',
          'object.metadata.labels[?"app"].orValue("") == "api"',
          'object.metadata.labels[?"instance"].orValue("") == "local"',
        ].join(" && ") +
          ' ? [JSONPatch{op: "add", path: "/spec/readinessGates", value: [{"conditionType": "a"}, ' +
          '{"conditionType": "b"}]}] : []',
      ],
    );
    assert.deepEqual(readinessGatePolicy([]), []);
  });
});

describe("the stand-in for the cluster's DNS", () => {
  /** A question as a resolver sends it. */
  function question(name: string, type: number): Buffer {
    const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
    const header = Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    return Buffer.concat([header, ...labels, Buffer.from([0, 0, type, 0, 1])]);
  }
  const lookUp = (name: string) => (name === "db.ns.svc.cluster.local" ? ["10.0.0.7"] : undefined);

  it("answers with the addresses of a name that there is, and none of IPv6", () => {
    const answer = answerTo(question("DB.ns.svc.cluster.local", 1), lookUp);
    assert.equal(answer?.readUInt16BE(0), 0x1234);
    assert.equal(answer?.readUInt16BE(6), 1);
    assert.deepEqual([...(answer?.subarray(-4) ?? [])], [10, 0, 0, 7]);
    const six = answerTo(question("db.ns.svc.cluster.local", 28), lookUp);
    assert.deepEqual([six?.readUInt16BE(6), (six?.readUInt8(3) ?? 0) & 15], [0, 0]);
  });

  it("says that there is no such name, and is silent to what is no question", () => {
    const answer = answerTo(question("example.com", 1), lookUp);
    assert.equal((answer?.readUInt8(3) ?? 0) & 15, 3);
    assert.equal(answerTo(Buffer.from("not DNS at all, not at all"), lookUp), undefined);
    assert.equal(answerTo(Buffer.alloc(3), lookUp), undefined);
  });
});
