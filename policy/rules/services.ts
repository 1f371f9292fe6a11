import type { Inventory } from "../inventory";
import { listed, type Rules, repeated } from "../rule";
import { labelSelector, selects } from "../selectors";
import type { Selector } from "../shapes";

export const serviceRules = {
  "service-ports-exist": {
    level: "mandatory",
    why: "A Service whose target port no pod has answers no one.",
    check: (inventory, expect) => {
      for (const service of inventory.services) {
        const known = podPorts(inventory, labelSelector(service.spec.selector));
        for (const [index, { port, targetPort = port }] of service.spec.ports.entries()) {
          const path = `spec.ports[${index}].targetPort`;
          expect(known.includes(targetPort), service, path, targetPort, `name a port of its pods: ${listed(known)}`);
        }
      }
    },
  },

  "monitor-ports-exist": {
    level: "mandatory",
    why: "A monitor of a port that is not there scrapes nothing, and no alert says so.",
    check: (inventory, expect) => {
      const ofServices = inventory.serviceMonitors.map((monitor) => {
        const { selector, endpoints } = monitor.spec;
        const services = inventory.services.filter(({ metadata }) => selects(selector, metadata.labels));
        const known = services.flatMap(({ spec }) => spec.ports.map(({ name }) => name));
        return { monitor, field: "endpoints", endpoints, known };
      });
      const ofPods = inventory.podMonitors.map((monitor) => {
        const { selector, podMetricsEndpoints: endpoints } = monitor.spec;
        const known = podPorts(inventory, selector).filter((port) => typeof port === "string");
        return { monitor, field: "podMetricsEndpoints", endpoints, known };
      });
      for (const { monitor, field, endpoints, known } of [...ofServices, ...ofPods]) {
        for (const [index, { port }] of endpoints.entries()) {
          const isKnown = port !== undefined && known.includes(port);
          const fix = `name a port that is there: ${listed(known)}`;
          expect(isKnown, monitor, `spec.${field}[${index}].port`, port, fix);
        }
      }
    },
  },

  "monitors-look-here": {
    level: "mandatory",
    why: "A monitor that looks in another namespace takes that one's pods for the stack's.",
    check: ({ serviceMonitors, podMonitors, facts: { namespace } }, expect) => {
      for (const monitor of [...serviceMonitors, ...podMonitors]) {
        const { namespaceSelector } = monitor.spec;
        const { any = false, matchNames = [namespace] } = namespaceSelector ?? {};
        const looksHere = !any && matchNames.length > 0 && matchNames.every((name) => name === namespace);
        expect(looksHere, monitor, "spec.namespaceSelector", namespaceSelector, `name ${namespace} only`);
      }
    },
  },

  "probe-ports-exist": {
    level: "mandatory",
    why: "A probe of a port that the container does not have never passes, and the pod never serves.",
    check: ({ containers }, expect) => {
      for (const { object, container, path } of containers) {
        const { startupProbe, readinessProbe, livenessProbe } = container;
        const known = container.ports.flatMap(({ name, containerPort }) => [name, containerPort]);
        for (const [field, probe] of Object.entries({ startupProbe, readinessProbe, livenessProbe })) {
          const port = probe?.httpGet?.port;
          const isKnown = port === undefined || known.includes(port);
          const fix = `name a port of the container: ${listed(known)}`;
          expect(isKnown, object, `${path}.${field}.httpGet.port`, port, fix);
        }
      }
    },
  },

  "node-ports-are-wanted": {
    level: "mandatory",
    why: "A port on every node goes round the load balancer, and two Services cannot have the same.",
    check: ({ services }, expect) => {
      const uses = services.flatMap((service) =>
        service.spec.ports.flatMap(({ nodePort }, index) =>
          nodePort === undefined ? [] : [{ service, nodePort, path: `spec.ports[${index}].nodePort` }],
        ),
      );
      for (const { service, nodePort, path } of uses) {
        const { type } = service.spec;
        const isWanted = type === "NodePort" || type === "LoadBalancer";
        expect(isWanted, service, path, nodePort, `leave it out: the Service's type is ${type}`);
      }
      for (const { item } of repeated(uses, ({ nodePort }) => nodePort)) {
        expect(false, item.service, item.path, item.nodePort, "choose another: a Service before it has this one");
      }
    },
  },

  "services-stay-inside": {
    level: "mandatory",
    why: "Any other type of Service can be reached past the load balancer and its rules.",
    check: ({ services }, expect) => {
      for (const service of services) {
        const { type } = service.spec;
        expect(type === "ClusterIP", service, "spec.type", type, "make it ClusterIP, with an Ingress in front");
      }
    },
  },
} satisfies Rules;

/** Returns the names and numbers of the ports of the pods that a selector selects. */
function podPorts({ workloads }: Inventory, selector: Selector): (string | number)[] {
  return workloads
    .filter(({ labels }) => selects(selector, labels))
    .flatMap(({ pod }) => pod.containers.flatMap(({ ports }) => ports))
    .flatMap(({ name, containerPort }) => (name === undefined ? [containerPort] : [name, containerPort]));
}
