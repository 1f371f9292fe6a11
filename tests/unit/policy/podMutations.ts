import type { RuleName } from "../../../policy/rules";
import type { Mutation } from "./mutation";

const podSpec = ["spec", "template", "spec"] as const;
const container = [...podSpec, "containers", 0] as const;
const api = "Deployment api";

/** One field of the API's pods set to what "restricted" forbids. */
function unsafe(title: string, at: readonly (string | number)[], to: unknown, violations: readonly string[]): Mutation {
  return { title, changes: [{ object: api, at, to }], violations };
}

/** What rules about pods and their containers must find. */
export const podMutations = {
  "claims-exist": [
    {
      title: "a claim that no one makes",
      changes: [
        { object: "Deployment rows", at: [...podSpec, "volumes", 2, "persistentVolumeClaim", "claimName"], to: "gone" },
      ],
      violations: [
        "Deployment datasets-server-local-rows: spec.template.spec.volumes[2].persistentVolumeClaim.claimName = gone: have the stack make the claim, or declare it as one that is there; known: datasets-server-local-mongodb-<hash>, datasets-server-parquet-pvc [claims-exist]",
      ],
    },
    {
      title: "a claim that is said to be there, in a namespace that is not",
      changes: [
        { object: "Deployment rows", at: [...podSpec, "volumes", 2, "persistentVolumeClaim", "claimName"], to: "gone" },
      ],
      facts: { externalClaims: ["gone"] },
      violations: [
        "Deployment datasets-server-local-rows: spec.template.spec.volumes[2].persistentVolumeClaim.claimName = gone: have the stack make the claim, or declare it as one that is there; known: datasets-server-local-mongodb-<hash>, datasets-server-parquet-pvc [claims-exist]",
      ],
    },
  ],
  "containers-have-resources": [
    {
      title: "no limit",
      changes: [{ object: api, at: [...container, "resources", "limits", "memory"] }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].resources.limits.memory = absent: give an amount, such as 500m or 1Gi [containers-have-resources]",
      ],
    },
    {
      title: "a request above its limit",
      changes: [{ object: api, at: [...container, "resources", "requests", "cpu"], to: "1500m" }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].resources.requests.cpu = 1500m: ask for at most the limit, 1 [containers-have-resources]",
      ],
    },
    {
      title: "an init container's amount that is none",
      changes: [
        {
          object: "Job mongodb-migration-59db084",
          at: [...podSpec, "initContainers", 0, "resources", "requests", "ephemeral-storage"],
          to: "lots",
        },
      ],
      violations: [
        "Job datasets-server-local-mongodb-migration-59db084: spec.template.spec.initContainers[0].resources.requests.ephemeral-storage = lots: give an amount, such as 500m or 1Gi [containers-have-resources]",
      ],
    },
  ],
  "images-are-fixed": [
    {
      title: "a tag that moves",
      changes: [{ object: api, at: [...container, "image"], to: "registry.example:5000/api:latest" }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].image = registry.example:5000/api:latest: name it by digest, or by a tag that is for one build [images-are-fixed]",
      ],
    },
    {
      title: "no tag, behind a registry's port",
      changes: [{ object: api, at: [...container, "image"], to: "registry.example:5000/api" }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].image = registry.example:5000/api: name it by digest, or by a tag that is for one build [images-are-fixed]",
      ],
    },
  ],
  "mounts-have-volumes": [
    {
      title: "a mount of another name",
      changes: [{ object: api, at: [...container, "volumeMounts", 1, "name"], to: "metrics" }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].volumeMounts[1].name = metrics: add a volume of this name, or mount one of scratch, process-metrics [mounts-have-volumes]",
      ],
    },
    {
      title: "a lost volume of a claim",
      changes: [{ object: "StatefulSet mongodb", at: ["spec", "template", "spec", "volumes", 2] }],
      violations: [
        "StatefulSet datasets-server-local-mongodb: spec.template.spec.containers[0].volumeMounts[2].name = data: add a volume of this name, or mount one of scratch, config [mounts-have-volumes]",
      ],
    },
  ],
  "pods-are-isolated": [
    {
      title: "pods without the label that the policies select by",
      changes: [
        {
          object: "CronJob backfill",
          at: ["spec", "jobTemplate", "spec", "template", "metadata", "labels"],
          to: { app: "backfill" },
        },
      ],
      violations: [
        'CronJob datasets-server-local-backfill: spec.jobTemplate.spec.template.metadata.labels = {"app":"backfill"}: have a NetworkPolicy of type Ingress select these labels [pods-are-isolated]',
        'CronJob datasets-server-local-backfill: spec.jobTemplate.spec.template.metadata.labels = {"app":"backfill"}: have a NetworkPolicy of type Egress select these labels [pods-are-isolated]',
      ],
    },
  ],
  "pods-are-restricted": [
    unsafe("a token of the API server's", [...podSpec, "automountServiceAccountToken"], undefined, [
      "Deployment datasets-server-local-api: spec.template.spec.automountServiceAccountToken = true: set it to false [pods-are-restricted]",
    ]),
    unsafe("the node's network", [...podSpec, "hostNetwork"], true, [
      "Deployment datasets-server-local-api: spec.template.spec.hostNetwork = true: leave it out [pods-are-restricted]",
    ]),
    unsafe("the node's processes", [...podSpec, "hostPID"], true, [
      "Deployment datasets-server-local-api: spec.template.spec.hostPID = true: leave it out [pods-are-restricted]",
    ]),
    unsafe("the node's memory", [...podSpec, "hostIPC"], true, [
      "Deployment datasets-server-local-api: spec.template.spec.hostIPC = true: leave it out [pods-are-restricted]",
    ]),
    unsafe(
      "a kernel setting",
      [...podSpec, "securityContext", "sysctls"],
      [{ name: "kernel.x", value: "1" }],
      [
        'Deployment datasets-server-local-api: spec.template.spec.securityContext.sysctls = [{"name":"kernel.x","value":"1"}]: leave it out [pods-are-restricted]',
      ],
    ),
    unsafe("a folder of the node's", [...podSpec, "volumes", 2], { name: "node", hostPath: { path: "/" } }, [
      "Deployment datasets-server-local-api: spec.template.spec.volumes[2] = hostPath: use one of configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected, secret [pods-are-restricted]",
    ]),
    unsafe(
      "a token in a file",
      [...podSpec, "volumes", 2],
      { name: "token", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } },
      [
        "Deployment datasets-server-local-api: spec.template.spec.volumes[2].projected.sources[0] = serviceAccountToken: leave the token out [pods-are-restricted]",
      ],
    ),
    unsafe("a privileged container", [...container, "securityContext", "privileged"], true, [
      "Deployment datasets-server-local-api: spec.template.spec.containers[0].securityContext.privileged = true: leave it out [pods-are-restricted]",
    ]),
    unsafe("a way to more permissions", [...container, "securityContext", "allowPrivilegeEscalation"], undefined, [
      "Deployment datasets-server-local-api: spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation = absent: set it to false [pods-are-restricted]",
    ]),
    unsafe("a root filesystem to write to", [...container, "securityContext", "readOnlyRootFilesystem"], false, [
      "Deployment datasets-server-local-api: spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem = false: set it to true, and mount an emptyDir where it writes [pods-are-restricted]",
    ]),
    unsafe("a user that may be root", [...podSpec, "securityContext", "runAsNonRoot"], undefined, [
      "Deployment datasets-server-local-api: spec.template.spec.containers[0].securityContext.runAsNonRoot = absent: set it to true [pods-are-restricted]",
    ]),
    unsafe("a container that runs as root", [...container, "securityContext", "runAsUser"], 0, [
      "Deployment datasets-server-local-api: spec.template.spec.containers[0].securityContext.runAsUser = 0: name another user than root [pods-are-restricted]",
    ]),
    unsafe(
      "capabilities kept",
      [...container, "securityContext", "capabilities", "drop"],
      ["NET_RAW"],
      [
        'Deployment datasets-server-local-api: spec.template.spec.containers[0].securityContext.capabilities.drop = ["NET_RAW"]: drop ALL [pods-are-restricted]',
      ],
    ),
    unsafe(
      "a capability added",
      [...container, "securityContext", "capabilities", "add"],
      ["SYS_ADMIN"],
      [
        'Deployment datasets-server-local-api: spec.template.spec.containers[0].securityContext.capabilities.add = ["SYS_ADMIN"]: add none but NET_BIND_SERVICE [pods-are-restricted]',
      ],
    ),
    unsafe("no seccomp profile", [...podSpec, "securityContext", "seccompProfile", "type"], "Unconfined", [
      "Deployment datasets-server-local-api: spec.template.spec.containers[0].securityContext.seccompProfile.type = Unconfined: set it to RuntimeDefault [pods-are-restricted]",
    ]),
    unsafe("all of /proc", [...container, "securityContext", "procMount"], "Unmasked", [
      "Deployment datasets-server-local-api: spec.template.spec.containers[0].securityContext.procMount = Unmasked: leave it out [pods-are-restricted]",
    ]),
    unsafe("a port of the node's", [...container, "ports", 0, "hostPort"], 8080, [
      "Deployment datasets-server-local-api: spec.template.spec.containers[0].ports = [8080]: take no port of the node's [pods-are-restricted]",
    ]),
  ],
  "probe-ports-exist": [
    {
      title: "a probe of a port by another name",
      changes: [{ object: api, at: [...container, "readinessProbe", "httpGet", "port"], to: "web" }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].readinessProbe.httpGet.port = web: name a port of the container: http, 8080 [probe-ports-exist]",
      ],
    },
  ],
  "variables-are-defined-once": [
    {
      title: "a variable of a ConfigMap set again",
      changes: [{ object: api, at: [...container, "env", 13], to: { name: "LOG_LEVEL", value: "DEBUG" } }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].env = LOG_LEVEL: define it once, not in ConfigMap datasets-server-local-settings-log-<hash>, env [variables-are-defined-once]",
      ],
    },
    {
      title: "a variable in two ConfigMaps",
      changes: [{ object: "ConfigMap settings-worker", at: ["data", "HF_ENDPOINT"], to: "https://hf.example" }],
      violations: [
        "Deployment datasets-server-local-worker-heavy: spec.template.spec.containers[0].env = HF_ENDPOINT: define it once, not in ConfigMap datasets-server-local-settings-common-<hash>, ConfigMap datasets-server-local-settings-worker-<hash> [variables-are-defined-once]",
        "Deployment datasets-server-local-worker-light: spec.template.spec.containers[0].env = HF_ENDPOINT: define it once, not in ConfigMap datasets-server-local-settings-common-<hash>, ConfigMap datasets-server-local-settings-worker-<hash> [variables-are-defined-once]",
      ],
    },
  ],
  "variables-have-values": [
    {
      title: "a variable without value",
      changes: [{ object: api, at: [...container, "env", 0, "value"], to: "" }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.containers[0].env[0] = HOME: give it a value, or leave it out [variables-have-values]",
      ],
    },
    {
      title: "a blank setting",
      changes: [{ object: "ConfigMap settings-log", at: ["data", "LOG_LEVEL"], to: " " }],
      violations: [
        'ConfigMap datasets-server-local-settings-log-<hash>: data.LOG_LEVEL = " ": give it a value, or leave it out [variables-have-values]',
      ],
    },
    {
      title: "an empty secret",
      changes: [{ object: "Secret datasets-server-webhook", at: ["stringData", "WEBHOOK_SECRET"], to: "" }],
      violations: [
        'Secret datasets-server-webhook: stringData.WEBHOOK_SECRET = "": give it a value, or leave it out [variables-have-values]',
      ],
    },
  ],
  "volumes-are-mounted": [
    {
      title: "a lost mount",
      changes: [{ object: api, at: [...container, "volumeMounts", 1] }],
      violations: [
        "Deployment datasets-server-local-api: spec.template.spec.volumes[1].name = process-metrics: mount it in a container, or remove it [volumes-are-mounted]",
      ],
    },
  ],
} satisfies Partial<Record<RuleName, readonly Mutation[]>>;
