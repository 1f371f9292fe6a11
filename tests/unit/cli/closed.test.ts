import assert from "node:assert/strict";
import { confirmedOpen } from "../../../cli/environments/closed";
import { environmentOf, repository } from "../../support/github";
import { type Answer, startHttpServer } from "../../support/httpServer";

describe("a pull request that the list of the open ones does not have", () => {
  const kinds: Readonly<Record<string, { readonly answer: Answer; readonly open: boolean; readonly says: RegExp }>> = {
    closed: { answer: { body: { state: "closed" } }, open: false, says: /^$/ },
    open: {
      answer: { body: { state: "open" } },
      open: true,
      says: /^pr-50: its pull request is open, and not in the list/,
    },
    "not found": { answer: { status: 404, body: { message: "Not Found" } }, open: true, says: /unknown.*404/s },
    "behind an error": { answer: { status: 400, body: { message: "no" } }, open: true, says: /unknown.*400/s },
    "of another form": { answer: { body: { state: "merged" } }, open: true, says: /unknown/ },
    "no pull request": { answer: { body: [] }, open: true, says: /unknown/ },
  };
  for (const [kind, { answer, open, says }] of Object.entries(kinds)) {
    it(`${open ? "keeps" : "loses"} its environment when it is ${kind}`, async () => {
      const asked: string[] = [];
      const server = await startHttpServer(({ method, path }) => {
        asked.push(`${method} ${path}`);
        return answer;
      });
      const told: string[] = [];
      const listed = new Set([7]);
      const result = await confirmedOpen(50, listed, environmentOf(server.url), (line) => told.push(line));
      await server.stop();
      assert.deepEqual(asked, [`GET /repos/${repository}/pulls/50`]);
      assert.equal(result?.has(50), open);
      assert.match(told.join("\n"), says);
    });
  }

  it("is not asked for when it is in the list, when no list is given, or without a token", async () => {
    const unreachable = environmentOf("http://127.0.0.1:1");
    const never = () => assert.fail("said");
    assert.deepEqual(await confirmedOpen(7, new Set([7]), unreachable, never), new Set([7]));
    assert.equal(await confirmedOpen(7, undefined, unreachable, never), undefined);
    assert.deepEqual(await confirmedOpen(50, new Set([7]), {}, never), new Set([7]));
  });
});
