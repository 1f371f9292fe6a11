import assert from "node:assert/strict";
import { nextSteps } from "../../../../cli/diagnosis/nextSteps";

interface Said {
  /** As the server, the scheduler or the kubelet puts it. */
  readonly words: string;
  readonly cause: string;
  /** What to type, or whom to ask. */
  readonly next: string;
}

const quota = (words: string) => ({
  words,
  cause: "the namespace's quota is used up",
  next: "describe resourcequota -n datasets-server",
});
const immutable = (words: string) => ({
  words,
  cause: "a field of an object that is there cannot change",
  next: "docs/runbook.md#delete-or-replace-on-purpose",
});
const image = (words: string) => ({ words, cause: "a node cannot have an image", next: "ds doctor prod" });
const room = (words: string) => ({ words, cause: "no node has room for a pod", next: "kubectl describe nodes" });
const placement = (words: string) => ({
  words,
  cause: "a pod may go on none of the nodes that are free",
  next: "--show-labels",
});
const volume = (words: string) => ({ words, cause: "a pod waits for a volume", next: "kubectl get storageclass" });
const policy = (words: string) => ({
  words,
  cause: "a policy of the cluster refuses the object",
  next: "ask who runs the cluster",
});
const probe = (words: string) => ({
  words,
  cause: "a container started and does not answer its probe",
  next: "startupSeconds",
});
const expired = (words: string) => ({ words, cause: "the AWS credentials have expired", next: "aws sso login" });
const clock = (words: string) => ({ words, cause: "this machine's clock is wrong", next: "date -u" });

const known: readonly Said[] = [
  {
    words:
      'error: Server-side apply field conflict detected. See https://www.pulumi.com/ for troubleshooting help.\n: Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas',
    cause: "another writer holds a field that the stack file sets",
    next: "ds drift prod",
  },
  immutable(
    'Job.batch "datasets-server-prod-mongodb-migration-59db084" is invalid: spec.template: Invalid value: {"metadata":{}}: field is immutable',
  ),
  immutable(
    "StatefulSet.apps \"datasets-server-prod-mongodb\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ),
  immutable(
    'PersistentVolumeClaim "datasets-server-prod-mongodb" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
  ),
  {
    words: 'PersistentVolumeClaim "x" is invalid: spec.resources.requests.storage: Forbidden: field can not be less',
    cause: "the API server does not take a value of an object",
    next: "the message names object and field",
  },
  quota(
    'FailedCreate: Error creating: pods "datasets-server-prod-api-7d9-x2x" is forbidden: exceeded quota: datasets-server, requested: limits.cpu=1, used: limits.cpu=20, limited: limits.cpu=20',
  ),
  {
    words:
      'FailedCreate: Error creating: pods "datasets-server-prod-api-7d9-x2x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "api" must set securityContext.allowPrivilegeEscalation=false)',
    cause: "Pod Security of the namespace refuses the pod",
    next: "kubectl get mutatingwebhookconfigurations",
  },
  policy(
    "The configmaps \"x\" is invalid: : ValidatingAdmissionPolicy 'names' with binding 'names' denied request: not by that name",
  ),
  policy(
    "deployments.apps \"datasets-server-pr-7-api\" is forbidden: ValidatingAdmissionPolicy 'datasets-server-environments' with binding 'datasets-server-environments' denied request: no privileged pods",
  ),
  policy(
    'admission webhook "validate.kyverno.svc-fail" denied the request: resource Deployment/datasets-server/api was blocked',
  ),
  {
    words:
      'Internal error occurred: failed calling webhook "vingress.elbv2.k8s.aws": failed to call webhook: Post "https://aws-load-balancer-webhook-service.kube-system.svc:443/validate": no endpoints available for service',
    cause: "a webhook of the cluster does not answer",
    next: "ask who runs the cluster",
  },
  {
    words:
      'deployments.apps is forbidden: User "arn:aws:sts::707930574880:assumed-role/x/y" cannot create resource "deployments" in API group "apps" in the namespace "datasets-server"',
    cause: "this identity may not do that on the cluster",
    next: "docs/access.md",
  },
  image('container api waits: ImagePullBackOff: Back-off pulling image "example.org/api:sha-59db084"'),
  image("container api waits: ErrImagePull"),
  image(
    'Failed: Failed to pull image "example.org/api:sha-59db084": rpc error: code = NotFound desc = failed to pull and unpack image: failed to resolve reference: not found',
  ),
  image("manifest for example.org/api:sha-59db084 not found: manifest unknown: Requested image not found"),
  room("0/5 nodes are available: 5 Insufficient memory. preemption: 0/5 nodes are available"),
  room("0/5 nodes are available: 2 Too many pods, 3 Insufficient cpu."),
  placement("0/3 nodes are available: 3 node(s) had untolerated taint {huggingface.co/datasets-server-api: }."),
  placement("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector."),
  volume("0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"),
  volume('0/3 nodes are available: persistentvolumeclaim "datasets-server-parquet-pvc" not found.'),
  {
    words: "container worker-heavy ended with exit code 137: OOMKilled",
    cause: "a container took more memory than its limit",
    next: "resources.limits.memory",
  },
  probe("Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503 (12 times)"),
  probe("Unhealthy: Startup probe failed: dial tcp 10.1.2.3:8080: connect: connection refused"),
  expired(
    "error: operation error STS: GetCallerIdentity, https response error StatusCode: 403, api error ExpiredToken: The security token included in the request is expired",
  ),
  expired(
    "error: configured Kubernetes cluster is unreachable: the server has asked for the client to provide credentials",
  ),
  clock("api error RequestTimeTooSkewed: The difference between the request time and the current time is too large."),
  clock(
    "api error SignatureDoesNotMatch: Signature expired: 20261128T090000Z is now earlier than 20261128T095500Z (20261128T100000Z - 5 min.)",
  ),
];

describe("the next step after an update that failed", () => {
  for (const { words, cause, next } of known) {
    it(`is known where others say: ${words.slice(0, 110)}`, () => {
      const steps = nextSteps("prod", words);
      assert.equal(steps.length, 1, steps.join("\n"));
      assert.ok(steps[0]?.startsWith(`${cause}: `), steps[0]);
      assert.ok(steps[0]?.includes(next), steps[0]);
    });
  }

  it("is told once, however often and by whomever something was said", () => {
    const quotaWords = "exceeded quota: datasets-server, requested: pods=1";
    assert.equal(nextSteps("prod", `${quotaWords}\n${quotaWords}`, [quotaWords]).length, 1);
  });

  it("is told for each of several causes", () => {
    const seen = ["0/5 nodes are available: 5 Insufficient cpu.", "container rows ended with exit code 137: OOMKilled"];
    assert.equal(nextSteps("prod", "", seen).length, 2);
  });

  it("is left out where it is said already, as by the program itself", () => {
    const [step = ""] = nextSteps("prod", "ExpiredToken");
    assert.ok(step.startsWith("the AWS credentials have expired: "));
    assert.deepEqual(nextSteps("prod", `ExpiredToken\nNext: ${step.replace(/^.*?: /, "")}`), []);
  });

  it("is left out where nothing is known, as of what a pod's log says of AWS", () => {
    assert.deepEqual(
      nextSteps("prod", "error: timed out waiting", ["botocore AccessDenied when calling GetObject"]),
      [],
    );
  });
});
