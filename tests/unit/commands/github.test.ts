import assert from "node:assert/strict";
import { gitHubRepository, openPullRequests } from "../../../commands/github";
import { startHttpServer } from "../../support/httpServer";

describe("make pr-open", () => {
  it("knows the open pull requests of every page: one left out would lose its environment", async () => {
    const open = Array.from({ length: 250 }, (_, index) => ({ number: index + 1 }));
    const server = await startHttpServer(({ path }) => {
      const { pathname, searchParams } = new URL(path, "http://github.test");
      assert.equal(pathname, "/repos/somebody/something/pulls");
      assert.equal(searchParams.get("state"), "open");
      const [size, page] = [Number(searchParams.get("per_page")), Number(searchParams.get("page") ?? 1)];
      const next = `<${server.url}${pathname}?state=open&per_page=${size}&page=${page + 1}>; rel="next"`;
      const headers: Record<string, string> = page * size < open.length ? { link: next } : {};
      return { headers, body: open.slice((page - 1) * size, page * size) };
    });
    const repository = gitHubRepository({
      GITHUB_API_URL: server.url,
      GITHUB_REPOSITORY: "somebody/something",
      GITHUB_TOKEN: "a-token",
    });
    assert.deepEqual(
      await openPullRequests(repository),
      open.map(({ number }) => number),
    );
    await server.stop();
  });
});
