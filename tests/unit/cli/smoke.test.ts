import assert from "node:assert/strict";
import { untilHealthy } from "../../../cli/smoke";
import { startHttpServer } from "../../support/httpServer";

describe("the smoke check", () => {
  const briefly = { limitMs: 20, pauseMs: 5, log: () => undefined };

  it("waits until the endpoint answers with 200", async () => {
    const answers = [503, 502, 200];
    const asked: string[] = [];
    const server = await startHttpServer(({ path }) => {
      asked.push(path);
      return { status: answers[asked.length - 1] ?? 500, body: "" };
    });
    await untilHealthy(`${server.url}/healthcheck`, { ...briefly, limitMs: 5_000 });
    assert.deepEqual(asked, ["/healthcheck", "/healthcheck", "/healthcheck"]);
    await server.stop();
  });

  it("fails with the last answer and what to do when it never does", async () => {
    const server = await startHttpServer(() => ({ status: 503, body: "" }));
    const address = `${server.url}/healthcheck`;
    await assert.rejects(untilHealthy(address, briefly), /HTTP 503\nNext: see whether its pods/);
    await server.stop();
    await assert.rejects(untilHealthy(address, briefly), /ECONNREFUSED/);
  });
});
