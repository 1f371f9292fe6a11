import assert from "node:assert/strict";
import { render } from "../../../cli/doctor";
import { both, CheckRunner, type Findings, nothing, ok } from "../../../cli/doctor/checkRunner";
import { UserError } from "../../../cluster/userError";

const limitMs = 100;
const advice = "do something about it";

const well = async (): Promise<Findings<string>> => ok("all is well", "value");
const broken = () => Promise.reject(new Error("it is broken"));
const never = () => new Promise<Findings>(() => {});

describe("the checks of doctor", () => {
  let runner: CheckRunner;
  beforeEach(() => {
    runner = new CheckRunner(limitMs);
  });

  it("hand on what they have for those that need it", async () => {
    const first = await runner.check("first", nothing, advice, well);
    await runner.check("second", first, advice, async (value) => ok(`got ${value}`));
    assert.deepEqual(runner.rows, [
      { check: "first", outcome: "ok", found: "all is well" },
      { check: "second", outcome: "ok", found: "got value" },
    ]);
  });

  it("are skipped where one that they need has failed, and name that one", async () => {
    const first = await runner.check("first", nothing, advice, broken);
    const second = await runner.check("second", first, advice, well);
    await runner.check("third", second, advice, well);
    const fourth = await runner.check("fourth", nothing, advice, well);
    await runner.check("fifth", both(fourth, second), advice, well);
    assert.deepEqual(runner.rows, [
      { check: "first", outcome: "failed", found: "it is broken", next: advice },
      { check: "second", outcome: "skipped", found: "first failed" },
      { check: "third", outcome: "skipped", found: "first failed" },
      { check: "fourth", outcome: "ok", found: "all is well" },
      { check: "fifth", outcome: "skipped", found: "first failed" },
    ]);
  });

  it("take the next step from the error, where it has one", async () => {
    const run = () => Promise.reject(new UserError("it is broken", "fix it"));
    await runner.check("first", nothing, advice, run);
    assert.deepEqual(runner.rows, [{ check: "first", outcome: "failed", found: "it is broken", next: "fix it" }]);
  });

  it("are not waited for longer than the limit that they have together, and end what they wait for", async () => {
    let wasEnded = false;
    const first = await runner.check("first", nothing, advice, (_needed, signal) => {
      signal.addEventListener("abort", () => {
        wasEnded = true;
      });
      return never();
    });
    await runner.check("second", first, advice, well);
    await runner.check("third", nothing, advice, never);
    const found = "no answer within the 0.1 s that all checks have together";
    assert.deepEqual(runner.rows, [
      { check: "first", outcome: "failed", found, next: advice },
      { check: "second", outcome: "skipped", found: "first failed" },
      { check: "third", outcome: "failed", found, next: advice },
    ]);
    assert.ok(wasEnded);
  });

  it("have failed where one of several things that they look at has", async () => {
    const several = await runner.check("several", nothing, advice, async () => ({
      findings: [
        { subject: "one", outcome: "ok", found: "fine" },
        { subject: "other", outcome: "failed", found: "broken" },
      ],
      value: undefined,
    }));
    await runner.check("second", several, advice, well);
    assert.deepEqual(runner.rows, [
      { check: "one", outcome: "ok", found: "fine" },
      { check: "other", outcome: "failed", found: "broken", next: advice },
      { check: "second", outcome: "skipped", found: "several failed" },
    ]);
  });

  it("are named while they are waited for", async () => {
    const slow = runner.check("slow", nothing, advice, never);
    await runner.check("quick", nothing, advice, well);
    assert.deepEqual(runner.waitingFor, ["slow"]);
    await slow;
    assert.deepEqual(runner.waitingFor, []);
  });

  it("are listed by the order in which they began", async () => {
    const slow = runner.check("slow", nothing, advice, never);
    await runner.check("quick", nothing, advice, well);
    await slow;
    assert.deepEqual(
      runner.rows.map(({ check }) => check),
      ["slow", "quick"],
    );
  });
});

describe("what doctor prints", () => {
  const rows = [
    { check: "tools", outcome: "ok", found: "14 installed\nin the cache" },
    { check: "first", outcome: "failed", found: "it is broken in more words than fit into a line", next: "fix it" },
    { check: "permissions: services", outcome: "ok", found: "all" },
    { check: "permissions: secrets", outcome: "ok", found: "all" },
    { check: "second", outcome: "skipped", found: "first failed" },
    { check: "third", outcome: "unknown", found: "one\nother" },
    { check: "fourth", outcome: "skipped", found: "first failed" },
  ] as const;

  it("begins with what is not well, whole and with its next step, and has one line for what is", () => {
    assert.deepEqual(render(rows).split("\n"), [
      "failed   first: it is broken in more words than fit into a line",
      "         Next: fix it",
      "unknown  third: one",
      "         other",
      "skipped  second, fourth: first failed",
      "ok       tools: 14 installed; in the cache",
      "ok       2 permissions",
    ]);
  });

  it("fits into a terminal: what is not well is wrapped, what is well cut", () => {
    assert.deepEqual(render(rows, 36).split("\n"), [
      "failed   first: it is broken in more",
      "         words than fit into a line",
      "         Next: fix it",
      "unknown  third: one",
      "         other",
      "skipped  second, fourth: first",
      "         failed",
      "ok       tools: 14 installed; in th…",
      "ok       2 permissions",
    ]);
  });
});
