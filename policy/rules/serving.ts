import type { Inventory, Workload } from "../inventory";
import { actionOf, listenerRules } from "../loadBalancer";
import type { Rules } from "../rule";
import { labelSelector, selects } from "../selectors";

export const servingRules = {
  "pods-drain-first": {
    level: "mandatory",
    why: "A pod that stops before the load balancer knows drops the requests that are on their way to it.",
    check: (inventory, expect) => {
      for (const { workload, object, container, path } of inventory.containers) {
        const { preStop } = container.lifecycle;
        const isServed = container.ports.length > 0 && isBehindLoadBalancer(inventory, workload);
        const isDrained = !isServed || preStop !== undefined;
        const fix = "have it sleep while the load balancer takes it out";
        expect(isDrained, object, `${path}.lifecycle.preStop`, preStop, fix);
        const seconds = preStop?.sleep?.seconds ?? 0;
        const grace = workload.pod.terminationGracePeriodSeconds;
        const place = `${path}.lifecycle.preStop.sleep.seconds`;
        expect(seconds < grace, object, place, seconds, `end before the grace of ${grace} s`);
      }
    },
  },

  "liveness-outlasts-readiness": {
    level: "mandatory",
    why: "A pod that is restarted as soon as it is slow, and not first taken out of service, is never there when it is needed.",
    check: ({ containers }, expect) => {
      const serving = containers.filter(({ workload, container }) => workload.selector && container.ports.length > 0);
      for (const { object, container, path } of serving) {
        const { readinessProbe: readiness, livenessProbe: liveness } = container;
        if (readiness === undefined || liveness === undefined) {
          const probe = readiness === undefined ? "readinessProbe" : "livenessProbe";
          expect(false, object, `${path}.${probe}`, undefined, "add one");
          continue;
        }
        const restarts = liveness.periodSeconds * liveness.failureThreshold;
        const leaves = readiness.periodSeconds * readiness.failureThreshold;
        const fix = `fail later than readiness, which does after ${leaves} s`;
        expect(restarts > leaves, object, `${path}.livenessProbe`, `fails after ${restarts} s`, fix);
      }
    },
  },
} satisfies Rules;

function isBehindLoadBalancer({ ingresses, services }: Inventory, { labels }: Workload): boolean {
  const names = ingresses
    .flatMap(listenerRules)
    .flatMap(({ backend }) => (actionOf(backend) ? [] : backend.service.name));
  return services
    .filter(({ metadata }) => names.includes(metadata.name))
    .some(({ spec }) => selects(labelSelector(spec.selector), labels));
}
