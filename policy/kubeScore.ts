import { z } from "zod";
import { type Inventory, objectId, type Workload } from "./inventory";
import { actionOf, declaredActions, listenerRules } from "./loadBalancer";
import { isFixed } from "./rules/images";

/** One remark of kube-score about one object, at a level that it should not have. */
export interface Remark {
  readonly level: "CRITICAL" | "WARNING";
  /** kube-score's name of the check, such as container-image-pull-policy. */
  readonly check: string;
  /** Such as Deployment datasets-server-prod-api. */
  readonly object: string;
  /** Where in the object: a container, or a path of an Ingress. Empty: the object as a whole. */
  readonly place: string;
  readonly says: string;
}

/** The remarks that may stay: three kinds of critical ones, and warnings with a reason. */
export type ToleratedCheck =
  | "container-image-pull-policy"
  | "container-security-context-user-group-id"
  | "deployment-has-host-podantiaffinity"
  | "deployment-replicas"
  | "horizontalpodautoscaler-replicas"
  | "ingress-targets-service";

interface Toleration {
  readonly level: Remark["level"];
  readonly why: string;
  /** Whether the reason is true of this very object. */
  readonly holds: (remark: Remark, inventory: Inventory) => boolean;
}

/** The user and group that own what is on the shared volume, and the application's files in its images. */
const applicationUser = { runAsUser: 1000, runAsGroup: 3000 };

/**
 * Why a remark is no fault. A toleration is for an object that bears its reason out, and for no other.
 *
 * It stands here and not in annotations that kube-score reads: those would be in production, and true there of nothing but a
 * scanner; and they switch a check off for an object, whatever becomes of the object.
 */
export const tolerations: Readonly<Record<ToleratedCheck, Toleration>> = {
  "container-image-pull-policy": {
    level: "CRITICAL",
    why: "A tag is for one build and is never pushed again, so the image that a node has is the right one, also while the registry is away.",
    holds: aboutPods(({ template: { spec } }) =>
      [...spec.initContainers, ...spec.containers].every(({ image }) => isFixed(image)),
    ),
  },
  "container-security-context-user-group-id": {
    level: "CRITICAL",
    why: "User 1000 and group 3000 own the files on the shared volume: another user could not write there.",
    holds: aboutPods(({ template: { spec } }) => {
      const { runAsUser, runAsGroup } = spec.securityContext;
      const ofPod = runAsUser === applicationUser.runAsUser && runAsGroup === applicationUser.runAsGroup;
      const containers = [...spec.initContainers, ...spec.containers];
      return ofPod && containers.every(({ securityContext: own }) => (own.runAsUser ?? own.runAsGroup) === undefined);
    }),
  },
  "ingress-targets-service": {
    level: "CRITICAL",
    why: "The path is answered by the load balancer itself, by an action that the same Ingress declares.",
    holds: ({ object, place }, { ingresses }) => {
      const ingress = ingresses.find((each) => objectId(each) === object);
      const backends = ingress === undefined ? [] : listenerRules(ingress).filter(({ path }) => path === place);
      return backends.some((rule) => declaredActions(rule.ingress).includes(actionOf(rule.backend) ?? ""));
    },
  },
  "deployment-has-host-podantiaffinity": {
    level: "WARNING",
    why: "Pods are spread over nodes and zones by topologySpreadConstraints, which kube-score does not read.",
    holds: aboutPods(({ template: { spec } }) =>
      spec.topologySpreadConstraints.some(({ topologyKey }) => topologyKey === "kubernetes.io/hostname"),
    ),
  },
  "deployment-replicas": {
    level: "WARNING",
    why: "Staging has one pod of each service, and nobody is promised more of it.",
    holds: onStaging,
  },
  "horizontalpodautoscaler-replicas": {
    level: "WARNING",
    why: "Staging's pools begin with one pod, and nobody waits for their jobs.",
    holds: onStaging,
  },
};

const grades: Readonly<Record<number, Remark["level"]>> = { 1: "CRITICAL", 5: "WARNING" };

const score = z.array(
  z.object({
    type_meta: z.object({ kind: z.string() }),
    object_meta: z.object({ name: z.string() }),
    checks: z.array(
      z.object({
        check: z.object({ id: z.string(), name: z.string() }),
        grade: z.number(),
        skipped: z.boolean(),
        comments: z.array(z.object({ path: z.string(), summary: z.string() })).nullable(),
      }),
    ),
  }),
);

/**
 * What kube-score has to say, of its output as JSON: as many remarks as its format `ci` has lines.
 *
 * Throws when the text is no such output.
 */
export function parseRemarks(json: string): Remark[] {
  return score.parse(JSON.parse(json)).flatMap(({ type_meta: { kind }, object_meta: { name }, checks }) =>
    checks.flatMap(({ check, grade, skipped, comments }) => {
      const level = grades[grade];
      if (level === undefined || skipped) return [];
      const texts = comments?.length ? comments : [{ path: "", summary: check.name }];
      const object = `${kind} ${name}`;
      return texts.map(({ path, summary }) => ({ level, check: check.id, object, place: path, says: summary }));
    }),
  );
}

/** Whether a remark is of a kind that may stay, and its reason is true of the object. */
export function isTolerated(remark: Remark, inventory: Inventory): boolean {
  const { check, level } = remark;
  return isToleratedCheck(check) && tolerations[check].level === level && tolerations[check].holds(remark, inventory);
}

function isToleratedCheck(check: string): check is ToleratedCheck {
  return Object.hasOwn(tolerations, check);
}

/** A remark as people read it. */
export function remarkText({ level, object, check, place, says }: Remark): string {
  return `${level} ${object}: ${place === "" ? "" : `${place}: `}${says} [${check}]`;
}

function aboutPods(holds: (workload: Workload) => boolean): Toleration["holds"] {
  return ({ object }, { workloads }) =>
    workloads.filter((workload) => objectId(workload.object) === object).some((workload) => holds(workload));
}

function onStaging(_remark: Remark, { facts: { stack } }: Inventory): boolean {
  return stack === "ephemeral";
}
