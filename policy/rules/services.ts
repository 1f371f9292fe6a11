import { absent, containersOf, type Inventory, type Workload } from "../inventory";
import { finding, type Rule, repeated } from "../rule";
import { labelSelector, type Selector, selects } from "../selectors";

export const servicePortsExist: Rule = {
  level: "mandatory",
  why: "A Service whose target port no pod has answers nobody.",
  check: (inventory) =>
    inventory.services.flatMap((service) => {
      const known = portsOf(podsOf(inventory, labelSelector(service.spec.selector)));
      return service.spec.ports.flatMap(({ port, targetPort = port }, index) =>
        known.includes(targetPort)
          ? []
          : [
              finding(
                service,
                `spec.ports[${index}].targetPort`,
                targetPort,
                `name a port of its pods: ${known.join(", ") || absent}`,
              ),
            ],
      );
    }),
};

export const monitorPortsExist: Rule = {
  level: "mandatory",
  why: "A monitor of a port that is not there scrapes nothing, and no alert says so.",
  check: (inventory) => {
    const ofServices = inventory.serviceMonitors.flatMap((monitor) => {
      const services = inventory.services.filter(({ metadata }) => selects(monitor.spec.selector, metadata.labels));
      const known = services.flatMap(({ spec }) => spec.ports.flatMap(({ name }) => name ?? []));
      return monitor.spec.endpoints.map(({ port }, index) => ({ monitor, known, port, path: `endpoints[${index}]` }));
    });
    const ofPods = inventory.podMonitors.flatMap((monitor) => {
      const known = portsOf(podsOf(inventory, monitor.spec.selector)).filter((port) => typeof port === "string");
      return monitor.spec.podMetricsEndpoints.map(({ port }, index) => ({
        monitor,
        known,
        port,
        path: `podMetricsEndpoints[${index}]`,
      }));
    });
    return [...ofServices, ...ofPods]
      .filter(({ port, known }) => port === undefined || !known.includes(port))
      .map(({ monitor, known, port = absent, path }) =>
        finding(monitor, `spec.${path}.port`, port, `name a port that is there: ${known.join(", ") || absent}`),
      );
  },
};

export const monitorsLookHere: Rule = {
  level: "mandatory",
  why: "A monitor that looks in another namespace takes that one's pods for the stack's.",
  check: ({ serviceMonitors, podMonitors, facts }) =>
    [...serviceMonitors, ...podMonitors]
      .filter(({ spec: { namespaceSelector } }) => {
        const { any = false, matchNames = [facts.namespace] } = namespaceSelector ?? {};
        return any || matchNames.some((name) => name !== facts.namespace) || matchNames.length === 0;
      })
      .map((monitor) => {
        const cure = `name ${facts.namespace} only`;
        return finding(monitor, "spec.namespaceSelector", monitor.spec.namespaceSelector, cure);
      }),
};

export const probePortsExist: Rule = {
  level: "mandatory",
  why: "A probe of a port that the container does not have never passes, and the pod never serves.",
  check: ({ workloads }) =>
    workloads.flatMap((workload) =>
      containersOf(workload).flatMap(({ container, path }) => {
        const { startupProbe, readinessProbe, livenessProbe } = container;
        const known = container.ports.flatMap(({ name, containerPort }) => [name, containerPort]);
        return Object.entries({ startupProbe, readinessProbe, livenessProbe }).flatMap(([probe, settings]) =>
          settings?.httpGet === undefined || known.includes(settings.httpGet.port)
            ? []
            : [
                finding(
                  workload.object,
                  `${path}.${probe}.httpGet.port`,
                  settings.httpGet.port,
                  `name a port of the container: ${known.join(", ") || absent}`,
                ),
              ],
        );
      }),
    ),
};

export const nodePortsAreWanted: Rule = {
  level: "mandatory",
  why: "A port on every node goes round the load balancer, and two Services cannot have the same.",
  check: ({ services }) => {
    const uses = services.flatMap((service) =>
      service.spec.ports.flatMap(({ nodePort }, index) =>
        nodePort === undefined ? [] : [{ service, nodePort, path: `spec.ports[${index}].nodePort` }],
      ),
    );
    const unwanted = uses.filter(({ service }) => !["NodePort", "LoadBalancer"].includes(service.spec.type));
    const twice = repeated(uses, ({ nodePort }) => String(nodePort));
    return [
      ...unwanted.map(({ service, nodePort, path }) =>
        finding(service, path, nodePort, `leave it out: the Service's type is ${service.spec.type}`),
      ),
      ...twice.map(({ service, nodePort, path }) =>
        finding(service, path, nodePort, "choose another: a Service before it has this one"),
      ),
    ];
  },
};

export const servicesStayInside: Rule = {
  level: "mandatory",
  why: "Any other type of Service is a way in that passes by the load balancer and its rules.",
  check: ({ services }) =>
    services
      .filter(({ spec }) => spec.type !== "ClusterIP")
      .map((service) =>
        finding(service, "spec.type", service.spec.type, "make it ClusterIP, with an Ingress in front"),
      ),
};

function podsOf({ workloads }: Inventory, selector: Selector): Workload[] {
  return workloads.filter(({ template }) => selects(selector, template.metadata.labels));
}

function portsOf(pods: readonly Workload[]): (string | number)[] {
  const ports = pods.flatMap(({ template }) => template.spec.containers.flatMap((container) => container.ports));
  return ports.flatMap(({ name, containerPort }) => (name === undefined ? [containerPort] : [name, containerPort]));
}
