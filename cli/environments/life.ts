import type { Drawing } from "../map/drawing";

/** The life of a pull request's environment, for docs/environment-life.svg. */
export const environmentLife: Drawing = {
  title: "the life of a pull request's environment",
  boxes: [
    { id: "push", kind: "outside", title: "push to a pull request", lines: ["opened, reopened or new commits"] },
    { id: "waiting", kind: "balancer", title: "waiting for images", lines: ["until the build has pushed all"] },
    { id: "update", kind: "balancer", title: "ds pr up", lines: ["database, migration, services, worker pools"] },
    { id: "up", kind: "data", title: "up", lines: ["answers at an address of its own"] },
    { id: "gone", kind: "outside", title: "gone", lines: ["namespace, database and stack"] },
  ],
  flows: [
    { from: "push", to: "waiting", label: "workflow environment", isMain: true },
    { from: "waiting", to: "update", label: "all images are there", isMain: true },
    { from: "update", to: "up", label: "pods are ready", isMain: true },
    { from: "up", to: "waiting", label: "new commits:\nthe lifetime begins anew" },
    { from: "up", to: "gone", label: "closed: ds pr down", isMain: true },
    { from: "up", to: "gone", label: "lifetime over, or closed unseen:\nhourly sweep" },
  ],
};
