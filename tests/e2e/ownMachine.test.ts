import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { findProcesses } from "../../tools/cluster/processes";
import { type RunResult, run } from "../../tools/run";
import { copyCheckout } from "../support/e2e/checkout";
import { suiteFolder } from "../support/e2e/world";

const [first, second] = [1, 2].map(() => `hf_${randomBytes(24).toString("hex")}`) as [string, string];
const encoded = (token: string) => Buffer.from(token).toString("base64");

/** Refuses every change of a Secret, and repeats what is in it. */
const echoing = {
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: "echo" },
      spec: {
        matchConstraints: {
          resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["secrets"] }],
        },
        validations: [
          {
            expression: "!has(object.data.HF_TOKEN)",
            messageExpression: "'not so: HF_TOKEN=' + string(object.data.HF_TOKEN) + ' \\u001b]0;owned\\u0007'",
          },
        ],
      },
    },
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: "echo" },
      spec: { policyName: "echo", validationActions: ["Deny"] },
    },
  ],
};

describe("the user's own machine", () => {
  let suite: string;
  let checkout: string;
  let workspace: string;
  let temporary: string;

  before(async () => {
    suite = await suiteFolder("own machine");
    [checkout, workspace, temporary] = ["checkout", "workspace", "tmp"].map((name) => path.join(suite, name)) as [
      string,
      string,
      string,
    ];
    await copyCheckout(checkout);
    await fs.mkdir(temporary);
    await succeeds("up");
  });
  after(async () => {
    for (const { pid } of await processes("kube-apiserver")) process.kill(pid, "SIGCONT");
    await ds("down");
  });

  const environment = () => ({ ...process.env, TMPDIR: temporary });

  function ds(name: string, ...words: readonly string[]): Promise<RunResult> {
    const args = [name, "--workspace", workspace, ...words];
    return run(path.join(checkout, "ds"), args, { cwd: suite, env: environment(), timeoutMs: 5 * 60_000 });
  }

  async function succeeds(...words: readonly [string, ...string[]]): Promise<string> {
    const { code, stdout, stderr } = await ds(...words);
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  }

  const processes = (name: string) =>
    findProcesses((commandLine) => commandLine.startsWith(`${workspace}/`) && commandLine.includes(`/${name} `));

  const stateText = () => fs.readFile(path.join(workspace, "state/.pulumi/stacks/datasets-server/local.json"), "utf8");

  it("has no kubeconfig left among its temporary files", async () => {
    await succeeds("preview", "local");
    assert.deepEqual(
      (await fs.readdir(temporary)).filter((name) => /kubeconfig|datasets-server-run/.test(name)),
      [],
    );
  });

  describe("where an admission policy repeats a Secret that it refuses", () => {
    async function setToken(token: string): Promise<void> {
      const args = ["pulumi", "--workspace", workspace, "local", "--", "config", "set", "--secret"];
      const set = promisify(execFile)(path.join(checkout, "ds"), [...args, "datasets-server:hfToken"], {
        cwd: suite,
        env: environment(),
      });
      set.child.stdin?.end(token);
      await set;
    }

    before(async () => {
      await setToken(first);
      await succeeds("up");
      await setToken(second);
      const file = path.join(suite, "echoing.json");
      await fs.writeFile(file, JSON.stringify(echoing));
      await succeeds("shell", "local", "--", "kubectl", "apply", "--filename", file);
      const touch = "kubectl label secret datasets-server-hf-token a=b --overwrite -n datasets-server --dry-run=server";
      while ((await ds("shell", "local", "--", ...touch.split(" "))).code === 0) await sleep(500);
    });
    // The garbage collector could not delete Secrets.
    after(() => ds("shell", "local", "--", "kubectl", "delete", "validatingadmissionpolicybinding", "echo"));

    const assertClean = (text: string) => {
      assert.match(text, /not so: HF_TOKEN=\[secret\]/);
      for (const token of [first, second]) {
        assert.ok(!text.includes(token) && !text.includes(encoded(token)), "shows a token");
      }
      assert.ok(!text.includes("\u001b]"), "has a sequence that a terminal obeys");
    };

    for (const command of [["preview"], ["deploy", "--yes"]] as const) {
      it(`is shown no token by ds ${command[0]}`, async () => {
        const [name, ...flags] = command;
        const { code, stdout, stderr } = await ds(name, "local", ...flags);
        assert.notEqual(code, 0);
        assertClean(stdout + stderr);
      });
    }

    it("is shown no token by ds up", async () => {
      const { code, stdout, stderr } = await ds("up");
      assert.notEqual(code, 0);
      assertClean(stdout + stderr);
    });

    it("has no token in a comment", async () => {
      const comment = path.join(suite, "review.md");
      await ds("review", "local", "--out", comment);
      assertClean(await fs.readFile(comment, "utf8"));
      assertClean(await fs.readFile(path.join(suite, "review-whole.md"), "utf8"));
    });

    it("is told by ds doctor that the state has it, and how to get rid of it", async () => {
      // The commands of ds preview first, and go no further.
      const plain = await ds("pulumi", "local", "--", "up", "--yes", "--skip-preview", "--non-interactive");
      assert.notEqual(plain.code, 0);
      assert.ok((await stateText()).includes(encoded(first)), "the state does not have it");
      await setToken(first);
      const { code, stdout } = await ds("doctor", "local");
      assert.equal(code, 1);
      assert.match(stdout, /failed +secrets in the state: the state holds in the clear, .*: datasets-server:hfToken/);
      assert.match(stdout, /run it again: Pulumi then drops the error/);
      await succeeds("shell", "local", "--", "kubectl", "delete", "validatingadmissionpolicybinding", "echo");
      await sleep(10_000);
      await succeeds("up");
      assert.ok(!(await stateText()).includes(encoded(first)));
      assert.match((await ds("doctor", "local")).stdout, /an earlier copy of the state holds in the clear/);
    });
  });

  it("is told when the API server hangs, by a preview that then fails", async () => {
    const [server] = await processes("kube-apiserver");
    assert.ok(server);
    process.kill(server.pid, "SIGSTOP");
    try {
      const { code, stdout, stderr } = await ds("preview", "local");
      assert.notEqual(code, 0);
      assert.match(stdout + stderr, /cannot reach the Kubernetes API server https:\S+: no answer within 10 s/);
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
  });

  it("keeps its states when a dead cluster is replaced, and recreates all objects", async () => {
    const history = path.join(workspace, "state/.pulumi/history/datasets-server/local");
    const before = await fs.readdir(history);
    const [manager] = await processes("kube-controller-manager");
    assert.ok(manager);
    process.kill(manager.pid, "SIGKILL");
    await succeeds("up");
    const after = await fs.readdir(history);
    assert.deepEqual(
      before.filter((name) => !after.includes(name)),
      [],
    );
    assert.match(await succeeds("up"), /^\d+ unchanged, in \d+ s$/m);
    const found = await succeeds("shell", "local", "--", ..."kubectl get deployments -n datasets-server".split(" "));
    assert.match(found, /datasets-server-local-api/);
  });

  it("is told at once of a workspace that cannot be written to", async () => {
    const args = ["up", "--workspace", "/proc"];
    const { code, stderr } = await run(path.join(checkout, "ds"), args, {
      cwd: suite,
      env: environment(),
      timeoutMs: 20_000,
    });
    assert.notEqual(code, 0);
    assert.match(stderr, /cannot write to \/proc: /);
  });
});
