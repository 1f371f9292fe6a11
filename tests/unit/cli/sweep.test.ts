import assert from "node:assert/strict";
import { type EnvironmentIdentity, environmentIdentity } from "../../../cli/environments/input";
import { type Sweep, sweepEnvironments } from "../../../cli/environments/sweep";
import { gitHubRepository, pullRequestState } from "../../../cli/lib/github";
import { environmentOf, quick, repository } from "../../support/github";
import { type Answer, type HttpServer, startHttpServer } from "../../support/httpServer";

const fault: Answer = { status: 502, body: { message: "Server Error" } };
const closed: Answer = { body: { state: "closed" } };
const open: Answer = { body: { state: "open" } };

/** How GitHub answers of each pull request, one answer after the other; the last one stays. */
const answers: Readonly<Record<number, readonly Answer[]>> = {
  2: [fault, closed],
  3: [fault],
  4: [closed],
  5: [open],
  6: [{ status: 404, body: { message: "Not Found" } }],
  7: [{ body: { state: "merged" } }],
  8: [closed],
};

function identityOf(number: number): EnvironmentIdentity {
  return environmentIdentity(String(number)) ?? assert.fail();
}

describe("a sweep", () => {
  let server: HttpServer;
  let asked: number[];
  let gone: string[];
  const lasting = "2099-01-01T00:00:00Z";
  const over = "2026-01-01T00:00:00Z";

  beforeEach(async () => {
    asked = [];
    gone = [];
    server = await startHttpServer(({ method, path }) => {
      const number = Number(path.split("/").at(-1));
      assert.equal(`${method} ${path}`, `GET /repos/${repository}/pulls/${number}`);
      asked.push(number);
      const given = answers[number] ?? [];
      return given[Math.min(asked.filter((each) => each === number).length, given.length) - 1];
    });
  });
  afterEach(() => server.stop());

  function sweep(numbers: readonly number[], changed: Partial<Sweep> = {}): Promise<void> {
    const gitHub = gitHubRepository(environmentOf(server.url), { use: "lastCommit" }, quick);
    return sweepEnvironments(
      numbers.map((number) => ({ identity: identityOf(number), ingresses: [] })),
      {
        open: new Set([1]),
        dryRun: false,
        stateOf: (number) => pullRequestState(gitHub, number),
        parametersOf: async () => ({ expires: lasting }),
        remove: async ({ stack }) => void gone.push(stack),
        ...changed,
      },
    );
  }

  it("removes the environments that GitHub calls closed, tries again where it fails for a moment, and asks for no listed one", async () => {
    await sweep([1, 2, 4, 5]);
    assert.deepEqual(gone, ["pr-2", "pr-4"]);
    assert.deepEqual(asked, [2, 2, 4, 5]);
  });

  it("keeps what GitHub says nothing of, sweeps the others, and fails at the end with each and what to do", async () => {
    await assert.rejects(sweep([2, 3, 4, 6, 7, 8]), (error: unknown) => {
      const [first, ...lines] = String(error).split("\n");
      assert.equal(first, "3 need attention:");
      const [three = "", six = "", seven = "", next = ""] = lines;
      assert.match(
        three,
        /^ {2}pr-3: unknown whether its pull request is open: GET .*\/pulls\/3 did not take the request \(502: /,
      );
      assert.match(six, /^ {2}pr-6: unknown whether .* \(404: Not Found; GET .*\/pulls\/6\)/);
      assert.match(seven, /^ {2}pr-7: unknown whether .*\/pulls\/7 answered in a form that is not known/);
      assert.match(next, /^Next: ds pr sweep once GitHub answers/);
      assert.doesNotMatch(next, /ds pr up/);
      return true;
    });
    assert.deepEqual(gone, ["pr-2", "pr-4", "pr-8"]);
    assert.equal(asked.filter((number) => number === 3).length, 4);
  });

  it("takes unknown for open without a token too, and removes what is over all the same", async () => {
    const without = {
      stateOf: (number: number) => pullRequestState(gitHubRepository({}, { use: "lastCommit" }), number),
      parametersOf: async ({ number }: EnvironmentIdentity) => ({ expires: number === 4 ? over : lasting }),
    };
    await assert.rejects(
      sweep([4, 8], { ...without, open: new Set() }),
      /^1 need attention:\n {2}pr-8: unknown whether .* GITHUB_TOKEN: missing; expected a token/,
    );
    assert.deepEqual([gone, asked], [["pr-4"], []]);
  });

  it("goes by time alone where no list is given, and asks nobody", async () => {
    await sweep([2, 4], {
      open: undefined,
      parametersOf: async ({ number }) => ({ expires: number === 2 ? over : lasting }),
    });
    assert.deepEqual([gone, asked], [["pr-2"], []]);
  });

  it("goes by the list alone where GitHub does not know of the environments, as on the local cluster", async () => {
    await sweep([1, 5], { stateOf: undefined });
    assert.deepEqual([gone, asked], [["pr-5"], []]);
  });

  it("removes nothing in a dry run", async () => {
    await sweep([1, 2, 4, 5], { dryRun: true });
    assert.deepEqual(gone, []);
  });

  it("goes on after a removal that fails, and names it with what to do", async () => {
    const remove = async ({ stack }: EnvironmentIdentity) => {
      if (stack === "pr-4") throw new Error("its finalizer hangs");
      gone.push(stack);
    };
    await assert.rejects(sweep([2, 4, 8], { remove }), (error: unknown) => {
      assert.match(String(error), /^1 need attention:\n {2}pr-4: its finalizer hangs\nNext: ds pr down <number>/);
      return true;
    });
    assert.deepEqual(gone, ["pr-2", "pr-8"]);
  });

  it("begins no removal that may not end before its workflow does, and leaves it to the next sweep", async () => {
    await assert.rejects(sweep([2, 4, 8], { beginMs: 0 }), /^3 need attention:\n {2}pr-2: left to the next sweep/);
    assert.deepEqual(gone, []);
  });
});
