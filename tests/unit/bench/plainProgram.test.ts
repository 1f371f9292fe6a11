import assert from "node:assert/strict";
import ts from "typescript";
import { plainProgram } from "../../../bench/plainProgram";
import { stackObjects } from "../../../cli/lib/objects";

const place = { kubeconfig: "/nowhere/kubeconfig", namespace: "datasets-server" };

describe("the plain program that production is measured against", () => {
  it("registers each object once, with its own class", () => {
    const metadata = { name: "api" };
    const program = plainProgram(
      [
        { apiVersion: "v1", kind: "Service", metadata },
        { apiVersion: "apps/v1", kind: "Deployment", metadata },
        { apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata },
        { apiVersion: "monitoring.coreos.com/v1", kind: "ServiceMonitor", metadata },
      ],
      place,
    );
    const registered = [...program.matchAll(/^new (\S+)\("(\S+)", /gm)].map(([, className, name]) => [className, name]);
    assert.deepEqual(registered, [
      ["kubernetes.core.v1.Service", "Service-api"],
      ["kubernetes.apps.v1.Deployment", "Deployment-api"],
      ["kubernetes.networking.v1.Ingress", "Ingress-api"],
      ["kubernetes.apiextensions.CustomResource", "ServiceMonitor-api"],
    ]);
  });

  it("is TypeScript, with all objects of production", async function () {
    this.timeout(10_000);
    const objects = await stackObjects("prod");
    const { diagnostics, outputText } = ts.transpileModule(plainProgram(objects, place), { reportDiagnostics: true });
    assert.deepEqual(diagnostics, []);
    assert.equal(outputText.match(/^new kubernetes\./gm)?.length, objects.length);
  });
});
