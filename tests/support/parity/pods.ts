import type { z } from "zod";
import { parseQuantity } from "../../../catalog/quantity";
import { type FactTree, list, named } from "./facts";
import type { container, probe } from "./shapes";
import { type PodTemplate, portNumber, type Surroundings } from "./surroundings";

type Container = z.infer<typeof container>;

/** What is true of a workload's pods. */
export function podFacts(component: string, { metadata, spec }: PodTemplate, around: Surroundings): FactTree {
  const [main] = spec.containers;
  const { securityContext, tolerations, topologySpreadConstraints: spread } = spec;
  return {
    image: imageFacts(main.image, main.imagePullPolicy),
    command: commandLine(main),
    env: environment(main, around),
    resources: {
      requests: amounts(main.resources.requests, spec.volumes),
      limits: amounts(main.resources.limits, spec.volumes),
    },
    ports: Object.fromEntries(main.ports.map((port) => [port.name, `${port.containerPort} ${port.protocol}`])),
    probes: probesOf(main, component, around),
    drain: main.lifecycle && `sleep ${main.lifecycle.preStop.sleep.seconds} s`,
    terminationMessage: main.terminationMessagePolicy,
    security: {
      user: securityContext.runAsUser,
      group: securityContext.runAsGroup,
      nonRoot: main.securityContext.runAsNonRoot ?? securityContext.runAsNonRoot,
      fsGroup: securityContext.fsGroup,
      seccomp: securityContext.seccompProfile?.type,
      escalation: main.securityContext.allowPrivilegeEscalation,
      readOnlyRoot: main.securityContext.readOnlyRootFilesystem,
      dropped: list(main.securityContext.capabilities.drop) || undefined,
      apiToken: spec.automountServiceAccountToken,
    },
    mounts: mounts(main, spec.volumes),
    init: Object.fromEntries(spec.initContainers.map((init) => [init.name, initFacts(init)])),
    placement: {
      nodes: list(Object.entries(spec.nodeSelector).map((pair) => pair.join("="))) || undefined,
      tolerated: list(tolerations.map(({ key, operator, effect }) => `${key} ${operator} ${effect}`)) || undefined,
      spread: list(spread.map((over) => `${over.topologyKey} ${over.maxSkew} ${over.whenUnsatisfiable}`)) || undefined,
    },
    pod: {
      annotations: list(Object.keys(metadata.annotations).map(ownName)) || undefined,
      serviceAccount: around.serviceAccounts.has(spec.serviceAccountName)
        ? "the system's own"
        : spec.serviceAccountName,
      serviceLinks: spec.enableServiceLinks,
      restart: spec.restartPolicy,
      graceSeconds: spec.terminationGracePeriodSeconds,
      dns: list(spec.dnsConfig.options.map(({ name, value }) => `${name}=${value}`)),
    },
  };
}

/** The part of an annotation's key after its owner's domain. */
export function ownName(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

function imageFacts(image: string, pullPolicy: string): FactTree {
  const [, registry, repository = "", mark = ""] = /^(?:(.+)\/)?([^/:@]+)([:@]).+$/.exec(image) ?? [];
  return {
    registry,
    program: repository.replace(/^(hub-)?datasets-server-(services-|jobs-)?/, ""),
    namedBy: mark === "@" ? "digest" : "tag",
    pullPolicy,
  };
}

function commandLine({ command, args }: Container): string | undefined {
  return [...command, ...args].join(" ").replace(/\s+/g, " ") || undefined;
}

function initFacts(init: Container): string {
  const { runAsUser, runAsGroup } = init.securityContext;
  const user = runAsUser === undefined ? "the pod's user" : `${runAsUser}:${runAsGroup}`;
  return `${init.image.slice(init.image.lastIndexOf("/") + 1).replace(/:sha-.*$/, "")} as ${user}: ${commandLine(init)}`;
}

/** Each variable's value, or the key of the secret that holds it: what the process will see, wherever it is written. */
function environment({ env, envFrom }: Container, { configMaps }: Surroundings): FactTree {
  const settings = envFrom.flatMap(({ configMapRef: { name } }) => {
    const data = configMaps.get(name);
    if (data === undefined) {
      throw new Error(`a container reads its variables from ConfigMap ${name}, which is not among the objects`);
    }
    return Object.entries(data);
  });
  const own = env.map(({ name, value, valueFrom }) => [
    name,
    valueFrom ? `secret ${valueFrom.secretKeyRef.key}` : (value ?? ""),
  ]);
  return Object.fromEntries([...settings, ...own]);
}

type Volumes = PodTemplate["spec"]["volumes"];

function amounts(amounts: Readonly<Record<string, string | number>>, volumes: Volumes): FactTree {
  const { "ephemeral-storage": disk, ...others } = amounts;
  const written = volumes.flatMap(({ emptyDir }) => emptyDir?.sizeLimit ?? []).map((size) => quantity("volume", size));
  return {
    ...Object.fromEntries(
      Object.entries(others).map(([name, amount]) => {
        const number = quantity(name, amount);
        return [name, name === "cpu" ? number : bytes(number)];
      }),
    ),
    // What is written to its folders counts as a pod's disk space, so what is left for logs is what can be compared.
    diskBesidesVolumes:
      disk === undefined ? undefined : bytes(written.reduce((left, size) => left - size, quantity("disk", disk))),
  };
}

function quantity(name: string, amount: string | number): number {
  const number = parseQuantity(String(amount));
  if (number === undefined) {
    throw new Error(`${name} ${amount} is no quantity`);
  }
  return number;
}

function bytes(number: number): string {
  const unit = [
    { size: 2 ** 30, suffix: "Gi" },
    { size: 2 ** 20, suffix: "Mi" },
  ].find(({ size }) => number >= size && number % size === 0);
  return unit ? `${number / unit.size}${unit.suffix}` : String(number);
}

function probesOf(main: Container, component: string, around: Surroundings): FactTree {
  const facts = (asked: z.infer<typeof probe> | undefined): FactTree | undefined =>
    asked && {
      asks: `${asked.httpGet.path} on ${portNumber(around, component, asked.httpGet.port)}`,
      patience:
        `${asked.failureThreshold} times every ${asked.periodSeconds} s, ${asked.timeoutSeconds} s each, ` +
        `from ${asked.initialDelaySeconds} s on`,
    };
  return {
    startup: facts(main.startupProbe),
    readiness: facts(main.readinessProbe),
    liveness: facts(main.livenessProbe),
  };
}

function mounts({ volumeMounts }: Container, volumes: Volumes): FactTree {
  return named(
    volumeMounts.map((mount): [string, FactTree] => {
      const source = volumes.find(({ name }) => name === mount.name);
      if (source === undefined) {
        throw new Error(`volume ${mount.name} is mounted at ${mount.mountPath}, and the pod has no such volume`);
      }
      const { persistentVolumeClaim: claim, emptyDir } = source;
      return [
        mount.mountPath,
        {
          of: claim ? `claim ${claim.claimName}` : "an empty folder",
          size: emptyDir?.sizeLimit,
          folder: mount.subPath,
          readOnly: mount.readOnly || undefined,
        },
      ];
    }),
  );
}
