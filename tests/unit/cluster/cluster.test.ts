import * as assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { helmLabels } from "../../../catalog/names";
import { connectCluster } from "../../../cluster/cluster";
import { checkReachable } from "../../../cluster/reachable";
import { requireOwn } from "../../../safety/ownership";
import { startHttpServer } from "../../support/httpServer";

describe("connecting to a cluster that is not there", () => {
  it("says how to start the local one", async () => {
    const local = {
      kind: "local",
      kubeconfigPath: "/nonexistent/kubeconfig",
      context: "datasets-server-local",
    } as const;
    await assert.rejects(connectCluster(local, "datasets-server"), {
      message: "the local cluster is not there (no kubeconfig at /nonexistent/kubeconfig)",
      next: "ds up",
    });
  });

  it("names the server that refuses, and the next step", async () => {
    const { url, stop } = await startHttpServer(() => ({ status: 401, body: "" }));
    await checkReachable(url, "look at the network");
    await stop();
    await assert.rejects(checkReachable(url, "look at the network"), {
      message: `cannot reach the Kubernetes API server ${url}: connect ECONNREFUSED ${new URL(url).host}`,
      next: "look at the network",
    });
  });

  it("names the server that takes the connection and then hangs, as one does that was stopped", async () => {
    const hanging = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(hanging, "listening");
    const address = hanging.address();
    assert.ok(typeof address === "object" && address !== null);
    const url = `https://127.0.0.1:${address.port}`;
    try {
      await assert.rejects(checkReachable(url, "wait", { limitMs: 200 }), {
        message: `cannot reach the Kubernetes API server ${url}: no answer within 0.2 s`,
      });
    } finally {
      hanging.close();
    }
  });

  const forms = { "as it was made": JSON.stringify, "as kubectl has written it again": stringify };
  for (const [form, write] of Object.entries(forms)) {
    it(`finds the server in a kubeconfig ${form}`, async () => {
      const folder = await fs.mkdtemp(path.join(os.tmpdir(), "datasets-server-kubeconfig-"));
      const { url, stop } = await startHttpServer(() => ({ status: 401, body: "" }));
      const local = { kind: "local", kubeconfigPath: path.join(folder, "kubeconfig"), context: "local" } as const;
      const connect = () => connectCluster(local, "datasets-server");
      try {
        await fs.writeFile(local.kubeconfigPath, write({ clusters: [{ name: "local", cluster: { server: url } }] }));
        assert.equal((await connect()).kubeconfig, local.kubeconfigPath);
        await stop();
        await assert.rejects(connect, (error: Error) => error.message.includes(url));
      } finally {
        await stop();
        await fs.rm(folder, { recursive: true });
      }
    });
  }
});

describe("creating an object", () => {
  const object = { apiVersion: "v1", kind: "Service", metadata: { name: "datasets-server-prod-api", namespace: "ns" } };
  const scope = { stack: "prod", release: "prod-datasets-server", namespace: "ns", helmRelease: "prod" };
  const create = (labels: Record<string, string> | undefined, adopt = false) =>
    requireOwn(object, labels && { labels }, { scope, adopt });

  it("is fine where there is none", () => create(undefined));

  it("is fine where an interrupted run of the stack left it", () =>
    create({ "datasets-server.huggingface.co/stack": "prod" }));

  it("is fine where it is of the Helm release that the run may adopt, and only then", () => {
    create(helmLabels("prod"), true);
    assert.throws(() => create(helmLabels("prod")), /already exists/);
    assert.throws(() => create(helmLabels("other"), true), /already exists/);
  });

  it("is an error where it is another stack's", () => {
    assert.throws(
      () => create({ ...helmLabels("prod"), "datasets-server.huggingface.co/stack": "ephemeral" }, true),
      /^Error: Service ns\/datasets-server-prod-api already exists and belongs to stack ephemeral\./,
    );
  });

  it("is an error where it is no stack's, with the way out", () => {
    assert.throws(() => create({}), {
      message:
        "Service ns/datasets-server-prod-api already exists and does not belong to a stack (it has no label " +
        "datasets-server.huggingface.co/stack). Creating it would adopt it, and a later destroy would delete it. " +
        "Rename or remove it, or, if it is stack prod's own, label it datasets-server.huggingface.co/stack=prod; " +
        "then run again.",
    });
  });
});
