import assert from "node:assert/strict";
import { answerCheck, type ExpectedAnswer } from "../../../../cli/smoke/answers";
import { waitFor } from "../../../../cli/smoke/checks";
import { startHttpServer } from "../../../support/httpServer";

const silent = () => undefined;
const briefly = { limitMs: 20, pauseMs: 5, log: silent };

/** What is wrong with a path that a server answers with these, one after another. */
async function failuresOf(answers: readonly number[], expected: Partial<ExpectedAnswer>, limitMs = 20) {
  let asked = 0;
  const server = await startHttpServer(() => {
    const status = answers[Math.min(asked, answers.length - 1)] ?? 500;
    asked += 1;
    return { status, headers: { location: "https://elsewhere.invalid" }, body: "" };
  });
  const check = answerCheck(server.url, { path: "/rows", ...expected });
  const failures = await waitFor([check], { ...briefly, limitMs });
  await server.stop();
  return failures.map((failure) => failure.replace(server.url, ""));
}

describe("the smoke check of an answer", () => {
  it("waits until the status is the one expected", async () => {
    assert.deepEqual(await failuresOf([503, 502, 200], { status: 200 }, 5_000), []);
  });

  it("says what it got and what it expected when time is up", async () => {
    assert.deepEqual(await failuresOf([503], { status: 200 }), ["/rows: HTTP 503, expected 200"]);
  });

  it("fails for metrics that the public can read", async () => {
    assert.deepEqual(await failuresOf([200], { status: 401 }), ["/rows: HTTP 200, expected 401"]);
  });

  it("takes a redirect for what it is", async () => {
    assert.deepEqual(await failuresOf([302], { status: 302 }), []);
  });

  it("lets a service refuse a request without parameters, as that is its own answer", async () => {
    for (const status of [200, 401, 405, 422]) assert.deepEqual(await failuresOf([status], {}), []);
  });

  it("takes neither a path that nothing serves for an answer, nor a service that fails", async () => {
    for (const status of [404, 500, 503]) {
      assert.deepEqual(await failuresOf([status], {}), [
        `/rows: HTTP ${status}, expected an answer of its service: neither 404 nor 5xx`,
      ]);
    }
  });

  it("fails with the cause where nobody listens", async () => {
    const server = await startHttpServer(() => undefined);
    await server.stop();
    const [failure] = await waitFor([answerCheck(server.url, { path: "/rows" })], briefly);
    assert.match(failure ?? "", /ECONNREFUSED/);
  });

  it("says what it waits for", async () => {
    const lines: string[] = [];
    const wrong = { title: "a", failure: async () => "not yet" };
    await waitFor([wrong, { ...wrong, title: "b" }], { ...briefly, log: (line) => lines.push(line) });
    assert.equal(lines[0], "waiting for a: not yet, and 1 more");
  });
});
