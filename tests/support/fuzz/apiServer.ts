import { createHash } from "node:crypto";
import { PatchStrategy } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../../cli/lib/objects";
import { causeOf } from "../../../cluster/kubernetesClient";
import { identifyStack } from "../../../config/stacks";
import { inParallel } from "../e2e/costs";
import type { Kubernetes } from "../e2e/kubernetes";
import { bases } from "./bases";
import { Fault } from "./outcome";

/** Requests at a time. */
const atATime = 8;

/** Asks a real API server whether it would take objects; each distinct one once. */
export class ApiServer {
  private readonly taken = new Set<string>();

  /** The namespaces of all bases must be there: they are made. */
  static async create({ core, objects }: Kubernetes): Promise<ApiServer> {
    const names = bases.map(({ stack }) => identifyStack(stack)?.namespace ?? "");
    for (const name of new Set(names)) await core.createNamespace({ body: { metadata: { name } } });
    return new ApiServer(objects);
  }

  private constructor(private readonly objects: Kubernetes["objects"]) {}

  /** How many distinct objects it would take. */
  get distinctObjects(): number {
    return this.taken.size;
  }

  /** Throws a Fault for an object that it would not take, with its own words. */
  async wouldTake(objects: readonly KubernetesObject[]): Promise<void> {
    const byHash = objects.map((object) => {
      return { object, hash: createHash("sha256").update(JSON.stringify(object)).digest("base64") };
    });
    const unknown = byHash.filter(({ hash }) => !this.taken.has(hash));
    await inParallel(unknown, atATime, async ({ object, hash }) => {
      await this.objects
        .patch(object, undefined, "All", "fuzz", true, PatchStrategy.ServerSideApply)
        .catch((error: unknown) => {
          throw new Fault(`the API server refuses ${object.kind} ${object.metadata.name}: ${causeOf(error)}`);
        });
      this.taken.add(hash);
    });
  }
}
