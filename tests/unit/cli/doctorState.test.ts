import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  checkLock,
  checkPlaceholders,
  checkSecretForms,
  checkSecrets,
  checkSecretsInState,
  checkState,
} from "../../../cli/doctor/state";
import type { Engine } from "../../../cli/lib/engine";
import { openStore, type StateStore } from "../../../cli/state/store";

const stack = "local";
const signal = new AbortController().signal;

describe("the doctor on a stack's state", () => {
  let folder: string;
  let engine: Engine;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "datasets-server-doctor-"));
    const environment = { ...process.env, PULUMI_BACKEND_URL: pathToFileURL(folder).href };
    engine = { executable: path.join(folder, "pulumi"), environment };
  });
  afterEach(() => rm(path.join(folder, ".pulumi"), { recursive: true, force: true }));
  after(() => rm(folder, { recursive: true }));

  async function write(key: string, text: string): Promise<void> {
    const file = path.join(folder, ".pulumi", key);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  const writeState = (latest: unknown) =>
    write(`stacks/datasets-server/${stack}.json`, JSON.stringify({ version: 3, checkpoint: { latest } }));

  const check = () => checkState(engine, stack);

  it("counts what it holds, and says when that was written", async () => {
    const resource = { urn: "urn:pulumi:local::datasets-server::pulumi:pulumi:Stack::s", type: "pulumi:pulumi:Stack" };
    await writeState({ manifest: { time: "2026-01-01T00:00:00Z" }, resources: [resource, resource] });
    const { findings } = await check();
    const found = `${folder} has it: 2 resources, last written 2026-01-01T00:00:00Z`;
    assert.deepEqual(findings, [{ outcome: "ok", found }]);
  });

  it("is content with one that was never updated", async () => {
    await writeState(null);
    const { findings } = await check();
    assert.deepEqual(findings, [{ outcome: "ok", found: `${folder} has it: 0 resources, never updated` }]);
  });

  it("warns of what an interrupted run left", async () => {
    await writeState({ manifest: { time: "now" }, resources: [], pending_operations: [{}] });
    const [finding] = (await check()).findings;
    assert.equal(finding?.outcome, "warning");
    assert.match(finding?.found ?? "", /an interrupted run left 1 operation pending/);
  });

  it("misses a stack that is not there, and says how it is made", async () => {
    await assert.rejects(check(), /there is no stack local in .*\nNext: ds up/);
  });

  it("recognises one that was cut off", async () => {
    await write(`stacks/datasets-server/${stack}.json`, '{"version": 3, "checkpoint": {"lat');
    await assert.rejects(check(), /is damaged, and Pulumi cannot read it.*\nNext: ds restore local/);
  });

  describe("and its lock", () => {
    let store: StateStore;

    before(async () => {
      store = await openStore({ kind: "file", folder });
    });

    const lockedBy = (hostname: string, pid: number) =>
      write(
        `locks/organization/datasets-server/${stack}/lock.json`,
        JSON.stringify({ pid, username: os.userInfo().username, hostname, timestamp: "2026-01-01T00:00:00Z" }),
      );

    async function lock() {
      const [finding] = (await checkLock(store, stack)).findings;
      return finding;
    }

    it("is content when no run holds it", async () => {
      assert.deepEqual(await lock(), { outcome: "ok", found: "no run holds it" });
    });

    it("says who holds it and since when, and guesses nothing about a run of this host and user", async () => {
      for (const hostname of ["elsewhere", os.hostname()]) {
        // This process is there, and is no Pulumi.
        await lockedBy(hostname, process.pid);
        const finding = await lock();
        const { username } = os.userInfo();
        const holder = `${username}@${hostname} (pid ${process.pid}) since 2026-01-01T00:00:00Z, for `;
        assert.equal(finding?.outcome, "failed");
        assert.ok(finding?.found.startsWith(`locked by ${holder}`), finding?.found);
      }
    });
  });

  describe("and its secrets", () => {
    async function engineThat(script: string): Promise<void> {
      await writeFile(engine.executable, `#!/bin/sh\n${script}\n`);
      await chmod(engine.executable, 0o755);
    }

    const config = {
      "datasets-server:hfToken": { value: "hf_real_token", secret: true },
      "datasets-server:webhookSecret": { value: "placeholder-xxxx", secret: true },
      "datasets-server:stacks": { value: '["local"]', secret: false },
    };

    it("are opened, and none is shown", async () => {
      await engineThat(`echo '${JSON.stringify(config)}'`);
      const { findings, value } = await checkSecrets(engine, stack, signal);
      assert.deepEqual(findings, [{ outcome: "ok", found: "2 values opened with the passphrase" }]);
      assert.deepEqual([...value.keys()], ["datasets-server:hfToken", "datasets-server:webhookSecret"]);
    });

    it("cannot be opened with another passphrase", async () => {
      await engineThat("echo 'warning: something' >&2; echo 'error: incorrect passphrase' >&2; exit 255");
      await assert.rejects(
        checkSecrets(engine, stack, signal),
        /^Pulumi\.local\.yaml cannot be decrypted: incorrect passphrase$/,
      );
    });

    const values = new Map(Object.entries(config).map(([key, { value }]) => [key, value]));
    const needed = ["hfToken", "webhookSecret"] as const;

    it("that the state, or a copy of it, holds in the clear are named with the cure, and placeholders are not", async () => {
      const [token, placeholder] = ["hf_aTokenOfThisTest1", "placeholder-xxxx"];
      const kept = (text: string) => ({ resources: [{ urn: "u", type: "t", initErrors: [`denied: ${text}`] }] });
      const found = async () => {
        const secrets = new Map([
          ["datasets-server:hfToken", token],
          ["datasets-server:webhookSecret", placeholder],
        ]);
        const store = await openStore({ kind: "file", folder });
        return (await checkSecretsInState(store, stack, secrets)).findings;
      };
      await writeState(kept(placeholder));
      assert.deepEqual(await found(), [{ outcome: "ok", found: "the state holds none in the clear" }]);
      const replace = [
        "copies of the state keep it: replace the value where it is from, and here:",
        "ds pulumi local -- config set --secret datasets-server:hfToken",
      ];
      await writeState(kept(`HF_TOKEN=${Buffer.from(token).toString("base64")}`));
      assert.deepEqual(await found(), [
        {
          outcome: "failed",
          found: "the state holds in the clear, as in the error of an update: datasets-server:hfToken",
          next: ["correct what the update failed for, and run it again: Pulumi then drops the error", ...replace].join(
            "\n",
          ),
        },
      ]);
      await writeState(kept("nothing"));
      await write(`stacks/datasets-server/${stack}.json.bak`, JSON.stringify(kept(token)));
      assert.deepEqual(await found(), [
        {
          outcome: "failed",
          found:
            "an earlier copy of the state holds in the clear, as in the error of an update: datasets-server:hfToken",
          next: replace.join("\n"),
        },
      ]);
    });

    it("that still are placeholders are named where a deploy refuses them, with the commands that set them", () => {
      assert.throws(() => checkPlaceholders(values, needed, "prod"), {
        message: "1 secret still has its placeholder, and an update is refused: datasets-server:webhookSecret",
        next: "ds pulumi prod -- config set --secret datasets-server:webhookSecret",
      });
    });

    it("may be placeholders on the local cluster", () => {
      const [finding] = checkPlaceholders(values, needed, "local").findings;
      assert.equal(finding?.outcome, "ok");
    });

    it("have all been set", () => {
      const all = new Map(needed.map((key) => [`datasets-server:${key}`, "set"]));
      assert.deepEqual(checkPlaceholders(all, needed, "prod").findings, [
        { outcome: "ok", found: "every secret has been set" },
      ]);
    });

    it("have the form that they are read in, placeholders aside", () => {
      const found = "every value has the form that it is read in";
      assert.deepEqual(checkSecretForms(values, "prod").findings, [{ outcome: "ok", found }]);
    });

    it("of another form are named without their values, with the commands that set them, for a PEM from a file", () => {
      const malformed = new Map([
        ["datasets-server:hfToken", "hf_real_token\n"],
        ["datasets-server:cloudfrontPrivateKey", "-----BEGIN PRIVATE KEY-----\nabcd"],
      ]);
      assert.deepEqual(checkSecretForms(malformed, "prod").findings, [
        {
          outcome: "failed",
          found: "the value of datasets-server:hfToken starts or ends with white space, such as a line break",
          next: "ds pulumi prod -- config set --secret datasets-server:hfToken",
        },
        {
          outcome: "failed",
          found:
            "the value of datasets-server:cloudfrontPrivateKey does not end with the END line that its BEGIN line needs",
          next: "ds pulumi prod -- config set --secret datasets-server:cloudfrontPrivateKey < FILE",
        },
      ]);
    });

    it("that is a PEM and still a placeholder is set from a file", () => {
      const key = "cloudfrontPrivateKey";
      const unset = new Map([[`datasets-server:${key}`, "placeholder-xxxx"]]);
      assert.throws(() => checkPlaceholders(unset, [key], "prod"), {
        next: `ds pulumi prod -- config set --secret datasets-server:${key} < FILE`,
      });
    });
  });
});
