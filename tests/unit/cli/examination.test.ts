import assert from "node:assert/strict";
import { render } from "../../../cli/doctor";
import { type Check, Examination, type Findings, found } from "../../../cli/doctor/examination";
import { UserError } from "../../../cluster/userError";

const limitMs = 100;

function check<N, T>(name: string, needs: Promise<N>, run: Check<N, T>["run"]): Check<N, T> {
  return { name, needs, run, advice: "do something about it" };
}

const nothing = Promise.resolve();
const well = async (): Promise<Findings<string>> => found({ outcome: "ok", found: "all is well" }, "value");

describe("an examination", () => {
  it("hands on what a check has for those that need it", async () => {
    const examination = new Examination(limitMs);
    const first = examination.check(check("first", nothing, well));
    await examination.check(
      check("second", first, async (value) => found({ outcome: "ok", found: `got ${value}` }, undefined)),
    );
    assert.deepEqual(await examination.finish(), [
      { check: "first", outcome: "ok", found: "all is well" },
      { check: "second", outcome: "ok", found: "got value" },
    ]);
  });

  it("skips all that needs a check that has failed, and names that one", async () => {
    const examination = new Examination(limitMs);
    const first = examination.check(check("first", nothing, () => Promise.reject(new Error("it is broken"))));
    const second = examination.check(check("second", first, well));
    void examination.check(check("third", second, well));
    void examination.check(check("fourth", nothing, well));
    assert.deepEqual(await examination.finish(), [
      { check: "first", outcome: "failed", found: "it is broken", next: "do something about it" },
      { check: "second", outcome: "skipped", found: "first failed" },
      { check: "third", outcome: "skipped", found: "first failed" },
      { check: "fourth", outcome: "ok", found: "all is well" },
    ]);
  });

  it("takes the next step from the error, where it has one", async () => {
    const examination = new Examination(limitMs);
    void examination.check(check("first", nothing, () => Promise.reject(new UserError("it is broken", "fix it"))));
    const row = { check: "first", outcome: "failed", found: "it is broken", next: "fix it" };
    assert.deepEqual(await examination.finish(), [row]);
  });

  it("waits for no check longer than the limit, and ends what it waited for", async () => {
    const examination = new Examination(limitMs);
    let wasEnded = false;
    const never = (_needed: unknown, signal: AbortSignal) => {
      signal.addEventListener("abort", () => {
        wasEnded = true;
      });
      return new Promise<Findings<void>>(() => {});
    };
    const first = examination.check(check("first", nothing, never));
    void examination.check(check("second", first, well));
    const [row, skipped] = await examination.finish();
    assert.deepEqual(row, {
      check: "first",
      outcome: "failed",
      found: "no answer within 0.1 s",
      next: "do something about it",
    });
    assert.equal(skipped?.outcome, "skipped");
    assert.ok(wasEnded);
  });

  it("counts the time of a check from when it begins", async () => {
    const examination = new Examination(limitMs);
    const late = new Promise<void>((done) => setTimeout(done, 2 * limitMs));
    await examination.check(check("late", late, well));
  });

  it("takes a check of several things for failed when one of them is", async () => {
    const examination = new Examination(limitMs);
    const several = examination.check(
      check("several", nothing, async () => ({
        findings: [
          { subject: "one", outcome: "ok", found: "fine" },
          { subject: "other", outcome: "failed", found: "broken" },
        ],
        value: undefined,
      })),
    );
    void examination.check(check("second", several, well));
    const rows = await examination.finish();
    assert.deepEqual(
      rows.map(({ check, outcome }) => [check, outcome]),
      [
        ["one", "ok"],
        ["other", "failed"],
        ["second", "skipped"],
      ],
    );
    assert.equal(rows[1]?.next, "do something about it");
  });

  it("names what it waits for", async () => {
    const examination = new Examination(limitMs);
    void examination.check(check("slow", nothing, () => new Promise<Findings<void>>(() => {})));
    void examination.check(check("quick", nothing, well));
    await new Promise((done) => setTimeout(done, limitMs / 2));
    assert.deepEqual(examination.waitingFor, ["slow"]);
    await examination.finish();
    assert.deepEqual(examination.waitingFor, []);
  });
});

describe("what doctor prints", () => {
  const rows = [
    { check: "tools", outcome: "ok", found: "14 installed\nin the cache" },
    { check: "first", outcome: "failed", found: "it is broken in more words than fit into a line", next: "mend it" },
    { check: "permissions: services", outcome: "ok", found: "all" },
    { check: "permissions: secrets", outcome: "ok", found: "all" },
    { check: "second", outcome: "skipped", found: "first failed" },
    { check: "third", outcome: "unknown", found: "one\nother" },
    { check: "fourth", outcome: "skipped", found: "first failed" },
  ] as const;

  it("begins with what is not well, whole and with its next step, and has one line for what is", () => {
    assert.deepEqual(render(rows).split("\n"), [
      "failed   first: it is broken in more words than fit into a line",
      "         Next: mend it",
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
      "         Next: mend it",
      "unknown  third: one",
      "         other",
      "skipped  second, fourth: first",
      "         failed",
      "ok       tools: 14 installed; in th…",
      "ok       2 permissions",
    ]);
  });
});
