import { knownCause } from "../../cluster/awsErrors";
import { identifyStack } from "../../config/stacks";

/** Why Kubernetes did not do something, whom to ask, and what to type. */
interface KubernetesCause {
  /** Words of the API server, the scheduler, a controller or a kubelet. */
  readonly words: RegExp;
  readonly cause: string;
  readonly next: string;
}

/** What others than this program say when a preview or an update fails; what comes first is shown first. */
function kubernetesCauses(stack: string): readonly KubernetesCause[] {
  const inNamespace = `-n ${identifyStack(stack)?.namespace ?? "NAMESPACE"}`;
  const events = `kubectl get events ${inNamespace} --field-selector type=Warning`;
  return [
    {
      words: /Apply failed with \d+ conflicts?: |field conflict detected/,
      cause: "another writer holds a field that the stack file sets",
      next: `ds drift ${stack} says who wrote it, and the command that undoes it; ask that person first`,
    },
    {
      words: /field is immutable|updates to statefulset spec for fields other than|spec is immutable after creation/,
      cause: "a field of an object that is there cannot change",
      next:
        "put it back as it was, and run this again; for the new value the object has to be replaced: " +
        "docs/runbook.md#delete-or-replace-on-purpose",
    },
    {
      words:
        / is invalid: (?!.*(field is immutable|updates to statefulset spec|spec is immutable|ValidatingAdmissionPolicy))/,
      cause: "the API server does not take a value of an object",
      next: "the message names object and field: correct what of the stack file it comes from, and run this again",
    },
    {
      words: /exceeded quota: /,
      cause: "the namespace's quota is used up",
      next:
        `kubectl describe resourcequota ${inNamespace} shows of what; an environment's is pullRequest.quota of the stack file, ` +
        "for any other ask who runs the cluster",
    },
    {
      words: /violates PodSecurity "/,
      cause: "Pod Security of the namespace refuses the pod",
      next:
        "the message names container and field. One that the stack does not make was added on the cluster: ask who runs it; " +
        `kubectl get mutatingwebhookconfigurations shows what adds to pods`,
    },
    {
      words: /ValidatingAdmissionPolicy '[^']+'.* denied request|admission webhook "[^"]+" denied the request/,
      cause: "a policy of the cluster refuses the object",
      next:
        "the message names policy and reason: ask who runs the cluster whose it is. Those of environments are ours: " +
        "an administrator applies the newest of ds access ephemeral --out DIR",
    },
    {
      words: /failed calling webhook "/,
      cause: "a webhook of the cluster does not answer",
      next: "ask who runs the cluster to see to the webhook that the message names, and run this again",
    },
    {
      words: /cannot (create|delete|get|list|patch|update|watch) resource "/,
      cause: "this identity may not do that on the cluster",
      next: `ds doctor ${stack} names what it lacks; an administrator gives it: docs/access.md`,
    },
    {
      words: /ErrImagePull|ImagePullBackOff|Failed to pull image|manifest unknown/,
      cause: "a node cannot have an image",
      next:
        `ds doctor ${stack} says whether the tag is there; "not found": name another (images.tag), or push it and run this again. ` +
        "Unauthorized or forbidden: ask who runs the cluster to let its nodes read the registry",
    },
    {
      words: /Insufficient (cpu|memory|ephemeral-storage|pods)|Too many pods/,
      cause: "no node has room for a pod",
      next:
        "wait for a node and run this again, where the cluster makes some; else lower replicas or resources.requests in the stack file, or ask who runs " +
        "the cluster for more. What there is: kubectl describe nodes",
    },
    {
      words: /had untolerated taint|didn't match Pod's node affinity\/selector/,
      cause: "a pod may go on none of the nodes that are free",
      next: "compare nodePools of the stack file with: kubectl get nodes --show-labels, and kubectl describe nodes for taints",
    },
    {
      words: /unbound immediate PersistentVolumeClaims|persistentvolumeclaim "[^"]+" not found/,
      cause: "a pod waits for a volume",
      next:
        `kubectl describe pvc ${inNamespace} says why; a storageClass of the stack file must be among: kubectl get storageclass. ` +
        "One that makes no volume: ask who runs the cluster",
    },
    {
      words: /OOMKilled/,
      cause: "a container took more memory than its limit",
      next: "raise resources.limits.memory of that workload in the stack file, and deploy",
    },
    {
      words: /(Startup|Readiness|Liveness) probe failed/,
      cause: "a container started and does not answer its probe",
      next:
        "its log says why: the last lines above, or kubectl logs. One that is only slow to start needs a longer startupSeconds in the stack file; " +
        `all warnings: ${events}`,
    },
  ];
}

/**
 * Returns what to do about what others said when a preview or an update failed, each once: whom to ask and what to type. What the
 * words have already is left out, as of errors of the program's own.
 *
 * @param said what Pulumi printed
 * @param seen what conditions, events and logs of pods say. Default: nothing
 */
export function nextSteps(stack: string, said: string, seen: readonly string[] = []): string[] {
  const text = [said, ...seen].join("\n");
  const found = kubernetesCauses(stack).filter(({ words }) => words.test(text));
  // The words of AWS are short ones such as Forbidden, which others use too.
  const ofAws = found.length === 0 ? knownCause(said) : undefined;
  return [...found, ...(ofAws ? [ofAws] : [])]
    .filter(({ next }) => !said.includes(next))
    .map(({ cause, next }) => `${cause}: ${next}`);
}

/** Returns steps as the next step of an error; undefined where there is none. */
export function asNext(steps: readonly string[]): string | undefined {
  return steps.length === 0 ? undefined : steps.join("\nNext: ");
}
