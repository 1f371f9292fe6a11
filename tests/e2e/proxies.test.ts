import assert from "node:assert/strict";
import { z } from "zod";
import { projectFolder } from "../../cli/lib/project";
import { run } from "../../tools/run";
import { type HttpServer, startHttpServer } from "../support/httpServer";
import { type AnswerBehindProxy, type ConnectProxy, startConnectProxy } from "../support/proxy/connectProxy";

/** What each client of ours does, in TypeScript, and what comes of it. */
const clients = {
  "a download of a release": {
    host: "releases.invalid",
    answer: "release",
    code: `
      const { createReleaseHosts } = await load("tools/sources/releaseHosts");
      return createReleaseHosts().text("https://releases.invalid/v1/alpha");`,
  },
  "a request to GitHub": {
    host: "api.github.invalid",
    answer: "17",
    code: `
      const { gitHubRepository, openPullRequests } = await load("cli/lib/github");
      const environment = { GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "o/r", GITHUB_API_URL: "https://api.github.invalid" };
      return String(await openPullRequests(gitHubRepository(environment, { use: "pullRequests" })));`,
  },
  "a request to the state's bucket": {
    host: "s3.invalid",
    answer: "eu-west-3",
    code: `
      const { s3Client } = await load("cli/aws/clients");
      const { HeadBucketCommand } = require("@aws-sdk/client-s3");
      const client = s3Client({ region: "us-east-1", endpoint: "https://s3.invalid", pathStyle: true });
      return (await client.send(new HeadBucketCommand({ Bucket: "state" }))).BucketRegion;`,
  },
  "a request for the credentials of a role": {
    host: "sts.invalid",
    answer: "assumed",
    code: `
      const { clusterCredentials } = await load("cli/aws/credentials");
      const credentials = clusterCredentials({ region: "us-east-1", role: "arn:aws:iam::707930574880:role/deploy" });
      return (await credentials()).accessKeyId;`,
  },
  "the check that a cluster can be reached": {
    host: "reachable.invalid",
    answer: "reached",
    code: `
      const { checkReachable } = await load("cluster/reachable");
      await checkReachable("https://reachable.invalid", "advice");
      return "reached";`,
  },
  "a request to a cluster": {
    host: "cluster.invalid",
    answer: "v1.35.0",
    code: `
      const { kubernetesClient } = await load("cluster/kubernetesClient");
      const certificate = readFileSync(process.env.NODE_EXTRA_CA_CERTS).toString("base64");
      const cluster = { server: "https://cluster.invalid", "certificate-authority-data": certificate };
      const kubeconfig = JSON.stringify({
        clusters: [{ name: "c", cluster }],
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        users: [{ name: "u", user: { token: "t" } }],
      });
      const client = await kubernetesClient({ kubeconfig, context: "c" })();
      return (await client.version.getCode()).gitVersion;`,
  },
} as const;

describe("with a proxy as the only way out", () => {
  let proxy: ConnectProxy;
  let here: HttpServer;
  before(async () => {
    const names = Object.values(clients).map(({ host }) => host);
    proxy = await startConnectProxy(names, (host) => answers[host] ?? {});
    here = await startHttpServer(() => ({ body: "<here/>" }));
  });
  after(async () => {
    await proxy.stop();
    await here.stop();
  });
  afterEach(() => {
    proxy.connections.length = 0;
    proxy.credentials.clear();
  });

  /** Runs pieces of TypeScript one after another in a process that has this environment; returns what each one returned. */
  async function results(pieces: readonly string[], environment: NodeJS.ProcessEnv) {
    const text = `
      const { readFileSync } = require("node:fs");
      const load = async (name) => require(process.cwd() + "/" + name);
      (async () => {
        await (await load("network/proxies")).useProxies();
        const pieces = [${pieces.map((code) => `async () => {${code}}`).join(",")}];
        const results = [];
        for (const piece of pieces) results.push(await piece().catch((error) => String(error.cause ?? error)));
        console.log(JSON.stringify(results));
        process.exit();
      })();`;
    const env = {
      PATH: process.env.PATH,
      NODE_EXTRA_CA_CERTS: proxy.certificate,
      AWS_ENDPOINT_URL_STS: "https://sts.invalid",
      AWS_ACCESS_KEY_ID: "a",
      AWS_SECRET_ACCESS_KEY: "b",
      ...environment,
    };
    const { stdout, stderr } = await run(process.execPath, ["-r", "ts-node/register/transpile-only", "-e", text], {
      env,
      cwd: projectFolder,
    });
    // No client, and no library under one, has anything to complain about.
    assert.equal(stderr, "");
    return z.array(z.string()).parse(JSON.parse(stdout));
  }

  const pieces = Object.values(clients).map(({ code }) => code);

  it("every client goes through it, with the user's password for it", async () => {
    const HTTPS_PROXY = proxy.url.replace("//", "//me:p%40ss@");
    const got = await results(pieces, { HTTPS_PROXY });
    assert.deepEqual(
      got,
      Object.values(clients).map(({ answer }) => answer),
    );
    assert.deepEqual(new Set(proxy.connections), new Set(Object.values(clients).map(({ host }) => `${host}:443`)));
    assert.deepEqual([...proxy.credentials], [`Basic ${Buffer.from("me:p@ss").toString("base64")}`]);
  });

  it("no client goes through it where NO_PROXY has its host", async () => {
    const got = await results(pieces, { HTTPS_PROXY: proxy.url, NO_PROXY: "invalid" });
    for (const [index, what] of Object.keys(clients).entries()) assert.match(got[index] ?? "", /ENOTFOUND/, what);
    assert.deepEqual(proxy.connections, []);
  });

  it("a server on this machine is reached directly, without any NO_PROXY", async () => {
    const code = `
      await (await load("cluster/reachable")).checkReachable("${here.url}", "advice");
      return (await fetch("${here.url}")).text();`;
    assert.deepEqual(await results([code], { HTTP_PROXY: proxy.url }), ["<here/>"]);
    assert.deepEqual(proxy.connections, []);
  });

  it("the program speaks to Pulumi on this machine directly, with lower-case names too", async () => {
    const code = `
      require("./startup.cjs");
      const { Client, Server, ServerCredentials, credentials } = require("@grpc/grpc-js");
      const { promisify } = require("node:util");
      const server = new Server();
      const bind = promisify(server.bindAsync.bind(server));
      const port = await bind("127.0.0.1:0", ServerCredentials.createInsecure());
      const client = new Client("127.0.0.1:" + port, credentials.createInsecure());
      await promisify(client.waitForReady.bind(client))(Date.now() + 5000);
      return "ready";`;
    assert.deepEqual(await results([code], { https_proxy: proxy.url, http_proxy: proxy.url }), ["ready"]);
    assert.deepEqual(proxy.connections, []);
  });

  it("a proxy that refuses is named by the error, without its password", async () => {
    const code = `await (await load("cluster/reachable")).checkReachable("https://other.invalid", "advice");`;
    const [error] = await results([code], { HTTPS_PROXY: proxy.url.replace("//", "//me:secret@") });
    assert.equal(
      error,
      "cannot reach the Kubernetes API server https://other.invalid: " +
        `Bad response: 403 (through the proxy ${proxy.url})\nNext: advice`,
    );
  });
});

const credentials = `<R xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
  <AccessKeyId>assumed</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
  <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></R>`;

/** What the servers behind the proxy answer. */
const answers: Readonly<Record<string, AnswerBehindProxy>> = {
  "releases.invalid": { body: "release" },
  "api.github.invalid": { headers: { "content-type": "application/json" }, body: '[{ "number": 17 }]' },
  "s3.invalid": { headers: { "x-amz-bucket-region": "eu-west-3" } },
  "sts.invalid": { headers: { "content-type": "text/xml" }, body: credentials },
  "cluster.invalid": { headers: { "content-type": "application/json" }, body: '{ "gitVersion": "v1.35.0" }' },
};
