import assert from "node:assert/strict";
import { run } from "../../../tools/run";

const node = process.execPath;

describe("run", () => {
  it("gives the output and a non-zero exit code as a result", async () => {
    const script = "console.log('out'); console.error('err'); process.exit(3)";
    assert.deepEqual(await run(node, ["-e", script]), { code: 3, stdout: "out\n", stderr: "err\n" });
  });

  it("goes through no shell", async () => {
    const { stdout } = await run(node, ["-e", "console.log(process.argv[1])", "$HOME; `id`"]);
    assert.equal(stdout, "$HOME; `id`\n");
  });

  it("hands on what is printed as it comes, and keeps it as a result", async () => {
    const printed: string[] = [];
    const tee = {
      stdout: (chunk: string) => void printed.push(`out: ${chunk}`),
      stderr: (chunk: string) => void printed.push(`err: ${chunk}`),
    };
    const script = "console.log('one'); console.error('two')";
    assert.deepEqual(await run(node, ["-e", script], { tee }), { code: 0, stdout: "one\n", stderr: "two\n" });
    assert.deepEqual(printed.sort(), ["err: two\n", "out: one\n"]);
  });

  it("reports a command that a signal ended as a shell does", async () => {
    const { code } = await run(node, ["-e", "process.kill(process.pid, 'SIGKILL')"]);
    assert.equal(code, 137);
  });

  it("ends a command that takes too long, and says so with its last output", async () => {
    const command = run("sh", ["-c", "echo half way; exec sleep 60"], { timeoutMs: 400 });
    await assert.rejects(command, /did not end within 0\.4 s.*\nhalf way/);
  });

  it("throws when the command does not exist", async () => {
    await assert.rejects(run("/no/such/command", ["x"]), /cannot run \/no\/such\/command x/);
  });
});
