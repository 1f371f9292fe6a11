import assert from "node:assert/strict";
import { askForImages, type ImageUser, requireImages, tagOfBuild } from "../../../cli/aws/images";
import { checkImages, checkTags } from "../../../cli/doctor/aws";
import type { EksClusterArgs } from "../../../cluster/eks";
import type { ServiceConfig } from "../../../components/workloads/webService";
import { rememberEnvironment } from "../../support/environment";
import { type HttpServer, type Respond, startHttpServer } from "../../support/httpServer";

const registry = "707930574880.dkr.ecr.us-east-1.amazonaws.com";
const cluster: EksClusterArgs = {
  kind: "eks",
  name: "hub-prod",
  region: "us-east-1",
  account: "707930574880",
  context: "hub-prod-with-tb",
};
const images = { registry, tag: "sha-59db084" };
const services = ["admin", "api", "rows", "search", "sse-api", "webhook"];
const amounts = { cpu: "1", memory: "1Gi" };
const config: ServiceConfig = {
  replicas: 1,
  uvicornWorkers: 1,
  listenAddress: "0.0.0.0",
  public: true,
  resources: { requests: amounts, limits: amounts },
  scratch: "1Gi",
  env: {},
};
const user: ImageUser = {
  cluster,
  datasetsServer: {
    images,
    jobs: {},
    services: Object.fromEntries(services.map((name) => [name, config])),
    workers: {},
  },
};

describe("the images of a stack", () => {
  let server: HttpServer;
  let respond: Respond;
  let restoreEnvironment: () => void;

  before(async () => {
    server = await startHttpServer((request) => respond(request));
    restoreEnvironment = rememberEnvironment();
    const variables = { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
    Object.assign(process.env, variables);
  });
  after(async () => {
    restoreEnvironment();
    await server.stop();
  });

  /** Has the registry answer with an error for one repository. */
  function without(repository: string, code: string): void {
    respond = ({ body }) =>
      JSON.parse(body).repositoryName === `hub-datasets-server-${repository}`
        ? { status: 400, headers: { "x-amzn-errortype": code }, body: { __type: code, message: "that is how it is" } }
        : { body: { imageDetails: [{}] } };
  }

  it("are asked for by registry, repository and tag, each once", async () => {
    const requests = new Map<string, unknown>();
    respond = ({ body, headers }) => {
      assert.equal(headers["x-amz-target"], "AmazonEC2ContainerRegistry_V20150921.DescribeImages");
      const { repositoryName, ...request } = JSON.parse(body);
      assert.ok(!requests.has(repositoryName));
      requests.set(repositoryName, request);
      return { body: { imageDetails: [{}] } };
    };
    const { missing, silence } = await askForImages(user);
    assert.deepEqual({ missing, silence }, { missing: [], silence: undefined });
    const request = { registryId: "707930574880", imageIds: [{ imageTag: "sha-59db084" }] };
    const wanted = services.map((name): [string, unknown] => [`hub-datasets-server-${name}`, request]);
    assert.deepEqual(requests, new Map(wanted));
  });

  it("are told apart by the digests that their tag stands for, of those that the registry speaks of", async () => {
    respond = ({ body }) => {
      const { repositoryName } = JSON.parse(body);
      return repositoryName.endsWith("-rows")
        ? { status: 400, headers: { "x-amzn-errortype": "AccessDeniedException" }, body: {} }
        : { body: { imageDetails: [{ imageDigest: `sha256:of ${repositoryName}` }] } };
    };
    const digests = await requireImages(user, "deploy another", { say: () => undefined });
    assert.deepEqual(
      digests,
      Object.fromEntries(
        services.filter((name) => name !== "rows").map((name) => [name, `sha256:of hub-datasets-server-${name}`]),
      ),
    );
  });

  for (const { mutability, outcome } of [
    { mutability: "IMMUTABLE", outcome: "ok" },
    { mutability: "MUTABLE", outcome: "warning" },
    { mutability: "IMMUTABLE_WITH_EXCLUSION", outcome: "warning" },
  ]) {
    it(`are in repositories of which doctor says ${outcome} where their tags are ${mutability}`, async () => {
      respond = ({ body }) => ({
        body: {
          repositories: JSON.parse(body).repositoryNames.map((repositoryName: string) => ({
            repositoryName,
            imageTagMutability: repositoryName.endsWith("-api") ? mutability : "IMMUTABLE",
          })),
        },
      });
      const { findings } = await checkTags(user);
      assert.deepEqual(
        findings.map((finding) => finding.outcome),
        [outcome],
      );
      const named = findings[0]?.found.includes("hub-datasets-server-api") ?? false;
      assert.equal(named, outcome === "warning");
    });
  }

  it("are in repositories whose tags doctor knows nothing of without the permission, and does not fail for that", async () => {
    respond = () => ({ status: 400, headers: { "x-amzn-errortype": "AccessDeniedException" }, body: {} });
    const { findings } = await checkTags(user);
    assert.deepEqual(
      findings.map(({ outcome }) => outcome),
      ["unknown"],
    );
  });

  for (const absence of ["ImageNotFoundException", "RepositoryNotFoundException"]) {
    it(`stop a deploy when the registry says ${absence}, which names them and says what to do`, async () => {
      without("sse-api", absence);
      await assert.rejects(requireImages(user, "deploy another"), {
        message:
          "these images are not in the registry; no changes were made:\n" +
          `  ${registry}/hub-datasets-server-sse-api:sha-59db084`,
        next: "--wait-for-images 30 waits half an hour for the build of that commit; or deploy another",
      });
      await assert.rejects(checkImages(user), {
        message: `not in the registry:\n${registry}/hub-datasets-server-sse-api:sha-59db084`,
      });
    });
  }

  it("are waited for where that is asked for, which says how many are missing and for how long yet", async () => {
    without("sse-api", "ImageNotFoundException");
    const said: string[] = [];
    const say = (line: string) => {
      said.push(line);
      if (said.length === 2) respond = () => ({ body: { imageDetails: [{ imageDigest: "sha256:pushed" }] } });
    };
    const digests = await requireImages(user, "deploy another", { limitMs: 60_000, pauseMs: 1, say });
    assert.equal(digests["sse-api"], "sha256:pushed");
    const waiting = `waiting for 1 of ${services.length} images, 1 min at most; the first: ${registry}/hub-datasets-server-sse-api:sha-59db084`;
    assert.deepEqual(said, [waiting, waiting]);
  });

  it("are not waited for beyond the time given", async () => {
    without("sse-api", "ImageNotFoundException");
    const say = () => undefined;
    await assert.rejects(
      requireImages(user, "deploy another", { limitMs: 20, pauseMs: 5, say }),
      /sse-api:sha-59db084/,
    );
  });

  it("stop no deploy when the registry does not let the caller look", async () => {
    without("api", "AccessDeniedException");
    const warnings: string[] = [];
    await requireImages(user, "deploy another", { say: (line) => warnings.push(line) });
    assert.match(
      warnings.join(),
      /^warning: .*\ncannot ask for image .*-api:sha-59db084: these credentials have no permission/,
    );
    const { findings } = await checkImages(user);
    assert.deepEqual(
      findings.map(({ outcome }) => outcome),
      ["unknown"],
    );
  });

  it("stop no deploy when the registry does not answer", async () => {
    const { AWS_ENDPOINT_URL } = process.env;
    process.env.AWS_ENDPOINT_URL = "http://127.0.0.1:9";
    const { silence } = await askForImages(user);
    process.env.AWS_ENDPOINT_URL = AWS_ENDPOINT_URL;
    assert.match(silence ?? "", /AWS does not answer/);
  });

  it("are not asked for at a registry that is none of ECR's, nor for the local cluster, whose nodes pull nothing", async () => {
    respond = () => assert.fail("it was asked");
    const { datasetsServer } = user;
    const elsewhere = { ...datasetsServer, images: { ...images, registry: "registry.example.org/hub" } };
    assert.match((await askForImages({ cluster, datasetsServer: elsewhere })).silence ?? "", /is no registry of ECR/);
    const local = { kind: "local", kubeconfigPath: "/nowhere", context: "local" } as const;
    assert.deepEqual(await askForImages({ cluster: local, datasetsServer }), { asked: [], missing: [], digests: {} });
  });

  describe("of a pull request, by the tag of its commit", () => {
    const commit = "59db0841c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7";
    const other = `59db084${"0".repeat(33)}`;
    const wanting = (tag: string): ImageUser => ({
      cluster,
      datasetsServer: { ...user.datasetsServer, images: { registry, tag } },
    });
    /** Has the registry tell the tags of the first repository, in pages of two. */
    function withTags(...tags: readonly string[]): void {
      respond = ({ body }) => {
        const { repositoryName, nextToken = 0, filter } = JSON.parse(body);
        assert.deepEqual([repositoryName, filter], ["hub-datasets-server-admin", { tagStatus: "TAGGED" }]);
        const from = Number(nextToken);
        const imageDetails = tags.slice(from, from + 2).map((tag) => ({ imageTags: ["latest", tag] }));
        return { body: { imageDetails, ...(from + 2 < tags.length && { nextToken: String(from + 2) }) } };
      };
    }
    const cases: readonly (readonly [what: string, wanted: string, tags: readonly string[], found: string])[] = [
      ["seven digits", commit, ["sha-59db084"], "sha-59db084"],
      ["nine digits", commit, ["sha-0000000", "sha-59db0849", "sha-59db0841c"], "sha-59db0841c"],
      [
        "all digits, where fewer were asked for",
        "59db0841c",
        ["sha-1", `sha-${other}`, `sha-${commit}`],
        `sha-${commit}`,
      ],
      ["as many digits as were asked for", "59db084", ["sha-59db084", "sha-59db0840"], "sha-59db084"],
      ["the most digits of the same commit", commit, ["sha-59db084", "sha-59db0841c", "sha-59db0841"], "sha-59db0841c"],
      ["none, where only the first seven are the same", commit, [`sha-${other}`, "sha-59db0840"], `sha-${commit}`],
    ];
    for (const [what, digits, tags, found] of cases) {
      it(`are found by ${what}`, async () => {
        withTags(...tags);
        assert.equal(await tagOfBuild(wanting(`sha-${digits}`)), found);
      });
    }

    it("are not guessed where a few digits stand for two commits", async () => {
      withTags(`sha-${other}`, `sha-${commit}`);
      await assert.rejects(tagOfBuild(wanting("sha-59db084")), {
        message: `sha-59db084 stands for more than one build: sha-${other}, sha-${commit}; no changes were made`,
      });
    });

    it("are waited for, whatever digits they will have", async () => {
      withTags("sha-0000000");
      const said: string[] = [];
      const say = (line: string) => {
        said.push(line);
        withTags("sha-59db0841c");
      };
      assert.equal(await tagOfBuild(wanting(`sha-${commit}`), { limitMs: 60_000, pauseMs: 1, say }), "sha-59db0841c");
      assert.deepEqual(said, [`waiting for an image of sha-${commit} in hub-datasets-server-admin, 1 min at most`]);
    });

    it("keep the tag that was asked for where the registry does not say", async () => {
      respond = () => ({ status: 400, headers: { "x-amzn-errortype": "AccessDeniedException" }, body: {} });
      assert.equal(await tagOfBuild(wanting("sha-59db084"), { limitMs: 60_000, pauseMs: 1 }), "sha-59db084");
      respond = () => assert.fail("it was asked");
      const local = { kind: "local", kubeconfigPath: "/nowhere", context: "local" } as const;
      assert.equal(await tagOfBuild({ ...user, cluster: local }), "sha-59db084");
    });
  });

  it("are those of the programs that it runs", async () => {
    respond = () => ({ body: { imageDetails: [{}] } });
    const migration = { resources, scratch: "1Gi", env: {}, deadlineSeconds: 60 };
    const { asked } = await askForImages({ cluster, datasetsServer: { ...user.datasetsServer, migration } });
    assert.deepEqual(
      asked.map((image) => image.slice(`${registry}/hub-datasets-server-`.length)),
      [...services, "mongodb_migration"].map((name) => `${name}:sha-59db084`),
    );
  });
});

const resources = { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } };
