import assert from "node:assert/strict";
import { z } from "zod";
import { projectFolder } from "../../../commands/program";
import { proxyFor } from "../../../network/proxies";
import { run } from "../../../tools/run";
import { type HttpServer, startHttpServer } from "../../support/httpServer";
import { type AnswerBehindProxy, type ConnectProxy, startConnectProxy } from "../../support/proxy/connectProxy";

const proxied = { HTTPS_PROXY: "http://secure:3128", HTTP_PROXY: "http://plain:3128" };

describe("the proxy of an address", () => {
  const through = (address: string, environment: NodeJS.ProcessEnv) => proxyFor(address, environment)?.host;

  it("is that of its scheme, and none is set by default", () => {
    assert.equal(through("https://example.com", proxied), "secure:3128");
    assert.equal(through("http://example.com", proxied), "plain:3128");
    assert.equal(through("http://example.com", { HTTPS_PROXY: "http://secure:3128" }), undefined);
    assert.equal(through("https://example.com", {}), undefined);
  });

  it("may be set in lower case, and upper case wins", () => {
    assert.equal(through("https://example.com", { https_proxy: "http://lower:1" }), "lower:1");
    assert.equal(through("https://example.com", { ...proxied, https_proxy: "http://lower:1" }), "secure:3128");
    assert.equal(through("https://example.com", { https_proxy: "http://lower:1", no_proxy: "*" }), undefined);
    assert.equal(through("https://example.com", { HTTPS_PROXY: "", https_proxy: "http://lower:1" }), "lower:1");
  });

  it("may be set without a scheme", () => {
    assert.equal(through("https://example.com", { HTTPS_PROXY: "proxy:3128" }), "proxy:3128");
  });

  for (const host of ["localhost", "127.0.0.1", "127.8.9.10", "[::1]"]) {
    it(`is never used for this machine: ${host}`, () => {
      assert.equal(through(`https://${host}:6443`, proxied), undefined);
    });
  }

  // As golang.org/x/net/http/httpproxy has it, which Pulumi and the providers use.
  const direct: Readonly<Record<string, readonly string[]>> = {
    "*": ["example.com", "10.1.2.3"],
    "example.com": ["example.com", "eks.example.com", "EXAMPLE.com", "example.com:8443", "example.com."],
    ".example.com": ["eks.example.com"],
    "*.example.com": ["eks.example.com"],
    "example.com:8443": ["example.com:8443"],
    "10.1.2.3": ["10.1.2.3", "10.1.2.3:6443"],
    "10.1.0.0/16": ["10.1.2.3"],
    "fd00::/8": ["[fd00::1]"],
    "[fd00::1]:443": ["[fd00::1]"],
    "other.com, example.com": ["example.com"],
  };
  for (const [entry, hosts] of Object.entries(direct)) {
    it(`is not used for ${hosts.join(", ")} with NO_PROXY=${entry}`, () => {
      for (const host of hosts)
        assert.equal(through(`https://${host}`, { ...proxied, NO_PROXY: entry }), undefined, host);
    });
  }

  const indirect: Readonly<Record<string, readonly string[]>> = {
    "example.com": ["notexample.com", "example.com.evil.org"],
    ".example.com": ["example.com"],
    "*.example.com": ["example.com"],
    "example.com:8443": ["example.com"],
    "10.1.0.0/16": ["10.2.0.1", "10.1.example.com"],
    "10.1.0.0/99": ["10.1.2.3"],
    "": ["example.com"],
    ",": ["example.com"],
  };
  for (const [entry, hosts] of Object.entries(indirect)) {
    it(`is used for ${hosts.join(", ")} with NO_PROXY=${JSON.stringify(entry)}`, () => {
      for (const host of hosts) {
        assert.equal(through(`https://${host}`, { ...proxied, NO_PROXY: entry }), "secure:3128", host);
      }
    });
  }

  it("must be one that is understood; the error does not show its password", () => {
    assert.throws(() => proxyFor("https://example.com", { HTTPS_PROXY: "socks5://me:secret@proxy:1080" }), {
      message:
        "HTTPS_PROXY: got socks5://proxy:1080; expected a proxy such as http://proxy.example.com:3128, or https://",
    });
    assert.throws(
      () => proxyFor("https://example.com", { https_proxy: "http://me:secret@[proxy" }),
      ({ message }: Error) => message.startsWith("https_proxy: got what is not a URL;") && !message.includes("secret"),
    );
  });
});

/** What each client of ours does, in TypeScript, and what comes of it. */
const clients = {
  "a download of a release": {
    host: "releases.invalid",
    answer: "release",
    code: `
      const { createReleaseHosts } = await load("tools/sources/releaseHosts");
      return createReleaseHosts(() => {}).text("https://releases.invalid/v1/alpha");`,
  },
  "a request to GitHub": {
    host: "api.github.invalid",
    answer: "17",
    code: `
      const { gitHubRepository, openPullRequests } = await load("commands/github");
      const environment = { GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "o/r", GITHUB_API_URL: "https://api.github.invalid" };
      return String(await openPullRequests(gitHubRepository(environment, { use: "pullRequests" })));`,
  },
  "a request to the state's bucket": {
    host: "s3.invalid",
    answer: "eu-west-3",
    code: `
      const { s3Client } = await load("commands/aws/clients");
      const { HeadBucketCommand } = require("@aws-sdk/client-s3");
      const client = s3Client({ region: "us-east-1", endpoint: "https://s3.invalid", pathStyle: true });
      return (await client.send(new HeadBucketCommand({ Bucket: "state" }))).BucketRegion;`,
  },
  "a request for the credentials of a role": {
    host: "sts.invalid",
    answer: "assumed",
    code: `
      const { clusterCredentials } = await load("commands/aws/credentials");
      const credentials = clusterCredentials({ region: "us-east-1", role: "arn:aws:iam::707930574880:role/deploy" });
      return (await credentials()).accessKeyId;`,
  },
  "the check that a cluster can be reached": {
    host: "reachable.invalid",
    answer: "reached",
    code: `
      const { checkReachable } = await load("components/reachable");
      await checkReachable("https://reachable.invalid", "advice");
      return "reached";`,
  },
  "a request to a cluster": {
    host: "cluster.invalid",
    answer: "v1.35.0",
    code: `
      const { kubernetesClient } = await load("components/kubernetesClient");
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

describe("with a proxy as the only way out", function () {
  this.timeout(60_000);
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
      await (await load("components/reachable")).checkReachable("${here.url}", "advice");
      return (await fetch("${here.url}")).text();`;
    assert.deepEqual(await results([code], { HTTP_PROXY: proxy.url }), ["<here/>"]);
    assert.deepEqual(proxy.connections, []);
  });

  it("a proxy that refuses is named by the error, without its password", async () => {
    const code = `await (await load("components/reachable")).checkReachable("https://other.invalid", "advice");`;
    const [error] = await results([code], { HTTPS_PROXY: proxy.url.replace("//", "//me:secret@") });
    assert.equal(
      error,
      "Error: cannot reach the Kubernetes API server https://other.invalid: " +
        `Bad response: 403 (through the proxy ${proxy.url})\nadvice`,
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
