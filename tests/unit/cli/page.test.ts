import assert from "node:assert/strict";
import { environmentIdentity } from "../../../cli/environments/input";
import { showGone, showOnPage } from "../../../cli/environments/page";
import { environmentOf, repository } from "../../support/github";
import { type Answer, type HttpServer, startHttpServer } from "../../support/httpServer";

interface Deployment {
  readonly id: number;
  readonly sha: string;
  readonly environment: string;
  readonly statuses: Readonly<Record<string, unknown>>[];
}

const identity = environmentIdentity("7") ?? assert.fail();
const address = "https://datasets-server-pr-7.example.org";

describe("the page of a pull request", () => {
  let server: HttpServer;
  let deployments: Deployment[];
  let requests: number;
  let refusal: Answer | undefined;

  beforeEach(async () => {
    requests = 0;
    refusal = undefined;
    deployments = [{ id: 1, sha: "b", environment: "pr-8", statuses: [] }];
    const path = `/repos/${repository}/deployments`;
    server = await startHttpServer(({ method, path: asked, body }) => {
      requests += 1;
      if (refusal !== undefined) return refusal;
      const { pathname, searchParams } = new URL(asked, server.url);
      if (method === "GET" && pathname === path) {
        const [name, sha] = [searchParams.get("environment"), searchParams.get("sha")];
        const found = deployments.filter((each) => each.environment === name && (sha === null || each.sha === sha));
        return { body: found.map(({ id }) => ({ id })) };
      }
      const given = JSON.parse(body);
      if (pathname === path) {
        assert.deepEqual([given.auto_merge, given.required_contexts, given.transient_environment], [false, [], true]);
        deployments.push({ id: 10 + deployments.length, sha: given.ref, environment: given.environment, statuses: [] });
        return { status: 201, body: { id: deployments.at(-1)?.id } };
      }
      const one = deployments.find(({ id }) => pathname === `${path}/${id}/statuses`);
      one?.statuses.push(given);
      return one === undefined ? { status: 404, body: { message: "Not Found" } } : { status: 201, body: { id: 99 } };
    });
  });
  afterEach(() => server.stop());

  const statesOf = () =>
    deployments.map(({ sha, statuses }) => `${sha}: ${statuses.map(({ state }) => state).join(" ")}`.trim());

  it("shows the life of its environment: from queued to its address, for each commit, and gone", async () => {
    const run = { GITHUB_SERVER_URL: "https://github.test", GITHUB_RUN_ID: "4711" };
    const variables = { ...environmentOf(server.url), ...run };
    const first = showOnPage(identity, "a", variables);
    await first({ state: "queued", description: "waiting for images" });
    await first({ state: "in_progress", description: "is brought up" });
    await first({ state: "success", description: "runs sha-a", address });
    assert.deepEqual(statesOf(), ["b:", "a: queued in_progress success"]);
    assert.deepEqual(deployments[1]?.statuses.at(-1), {
      state: "success",
      description: "runs sha-a",
      environment_url: address,
      log_url: `https://github.test/${repository}/actions/runs/4711`,
      auto_inactive: false,
    });
    const later = showOnPage(identity, "c", variables);
    await later({ state: "queued", description: "waiting for images" });
    assert.deepEqual(statesOf(), ["b:", "a: queued in_progress success", "c: queued"]);
    await later({ state: "success", description: "runs sha-c", address });
    assert.deepEqual(statesOf(), ["b:", "a: queued in_progress success inactive", "c: queued success"]);
    await showGone(identity, variables);
    assert.deepEqual(statesOf(), [
      "b:",
      "a: queued in_progress success inactive inactive",
      "c: queued success inactive",
    ]);
  });

  it("shows why it failed, in as many characters as GitHub takes and without credentials", async () => {
    const show = showOnPage(identity, "a", environmentOf(server.url));
    await show({ state: "failure", description: `mongodb://me:pa55word@host ${"x".repeat(300)}` });
    const [{ description } = {}] = deployments[1]?.statuses ?? [];
    assert.match(String(description), /^mongodb:\/\/\[secret\]@host x+$/);
    assert.equal(String(description).length, 140);
  });

  it("shows nothing without a token, nor of an unknown commit", async () => {
    await showOnPage(identity, "a", { GITHUB_API_URL: server.url })({ state: "queued", description: "" });
    await showGone(identity, { GITHUB_API_URL: server.url });
    await showOnPage(identity, undefined, environmentOf(server.url))({ state: "queued", description: "" });
    assert.equal(requests, 0);
  });

  it("never stops a run: what GitHub refuses is a warning, once, with the permission that is missing", async () => {
    refusal = { status: 403, body: { message: "Resource not accessible by integration" } };
    const said: string[] = [];
    const { error } = console;
    console.error = (line: string) => void said.push(line);
    try {
      const show = showOnPage(identity, "a", environmentOf(server.url));
      for (const state of ["queued", "in_progress", "success"] as const) await show({ state, description: "" });
    } finally {
      console.error = error;
    }
    assert.equal(said.length, 1);
    assert.match(
      said.join(),
      /^warning: the pull request does not show its environment: .*\nNext: .*deployments: write/,
    );
    assert.equal(requests, 1);
  });
});
