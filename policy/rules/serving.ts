import { absent, containersOf, type Inventory, type Workload } from "../inventory";
import { actionOf, listenerRules } from "../loadBalancer";
import type { Container } from "../podShapes";
import { type Finding, finding, type Rule } from "../rule";
import { labelSelector, selects } from "../selectors";

export const podsDrainFirst: Rule = {
  level: "mandatory",
  why: "A pod that stops before the load balancer knows drops the requests that are on their way to it.",
  check: (inventory) =>
    inventory.workloads.flatMap((workload) => {
      const { object, template } = workload;
      const isServed = behindLoadBalancer(inventory, workload);
      const grace = template.spec.terminationGracePeriodSeconds;
      return containersOf(workload).flatMap(({ container: { ports, lifecycle }, path }) => {
        const seconds = lifecycle.preStop?.sleep?.seconds ?? 0;
        return [
          ...(isServed && ports.length > 0 && lifecycle.preStop === undefined
            ? [
                finding(
                  object,
                  `${path}.lifecycle.preStop`,
                  absent,
                  "have it sleep while the load balancer takes it out",
                ),
              ]
            : []),
          ...(seconds >= grace
            ? [
                finding(
                  object,
                  `${path}.lifecycle.preStop.sleep.seconds`,
                  seconds,
                  `end before the grace of ${grace} s`,
                ),
              ]
            : []),
        ];
      });
    }),
};

export const livenessOutlastsReadiness: Rule = {
  level: "mandatory",
  why: "A pod that is restarted as soon as it is slow, and not first taken out of service, is never there when it is needed.",
  check: ({ workloads }) =>
    workloads
      .filter(({ selector }) => selector !== undefined)
      .flatMap((workload) =>
        containersOf(workload)
          .filter(({ container }) => container.ports.length > 0)
          .flatMap(({ container, path }) => probeFindings(workload, container, path)),
      ),
};

function probeFindings({ object }: Workload, { readinessProbe, livenessProbe }: Container, path: string): Finding[] {
  if (readinessProbe === undefined || livenessProbe === undefined) {
    const probe = readinessProbe === undefined ? "readinessProbe" : "livenessProbe";
    return [finding(object, `${path}.${probe}`, absent, "add one")];
  }
  const patience = livenessProbe.periodSeconds * livenessProbe.failureThreshold;
  const readiness = readinessProbe.periodSeconds * readinessProbe.failureThreshold;
  const cure = `fail later than readiness, which does after ${readiness} s`;
  return patience > readiness ? [] : [finding(object, `${path}.livenessProbe`, `fails after ${patience} s`, cure)];
}

function behindLoadBalancer({ ingresses, services }: Inventory, { template }: Workload): boolean {
  const names = ingresses
    .flatMap(listenerRules)
    .flatMap(({ backend }) => (actionOf(backend) ? [] : backend.service.name));
  return services
    .filter(({ metadata }) => names.includes(metadata.name))
    .some(({ spec }) => selects(labelSelector(spec.selector), template.metadata.labels));
}
