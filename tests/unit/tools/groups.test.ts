import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { engineFor } from "../../../cli/lib/engine";
import { definitions } from "../../../tools/definitions";
import { findTools, installTools } from "../../../tools/install";
import { pins } from "../../../tools/pins";
import { readChecksums } from "../../../tools/sources/checksums";
import { currentPlatform } from "../../../tools/tool";
import { type ToolName, toolGroups, toolsOf } from "../../../tools/toolbox";
import { unverifiedTools } from "../../../tools/verify";
import { writeChecksums } from "../../../tools/writeChecksums";
import { rememberEnvironment } from "../../support/environment";
import { archiveOf, type ReleaseServer, sha256, startReleaseServer } from "./releaseServer";
import { createToolSandbox, type ToolSandbox } from "./toolSandbox";

describe("groups of tools", () => {
  it("hold every tool exactly once", () => {
    const grouped = toolGroups.flatMap((group) => toolsOf[group]);
    assert.deepEqual([...grouped].sort(), Object.keys(definitions).sort());
    assert.deepEqual([...toolGroups].sort(), Object.keys(toolsOf).sort());
  });

  describe("on a machine that has neither Go nor a cache, with the releases in reach", () => {
    let sandbox: ToolSandbox;
    let server: ReleaseServer;
    let workspace: string;
    let restoreEnvironment: () => void;
    const { log } = console;
    beforeEach(async () => {
      restoreEnvironment = rememberEnvironment();
      sandbox = createToolSandbox();
      console.log = sandbox.log;
      server = await startReleaseServer(sandbox);
      workspace = path.join(sandbox.bin, "../workspace");
    });
    afterEach(() => {
      console.log = log;
      server.stop();
      sandbox.dispose();
      restoreEnvironment();
    });

    const releaseOf = (name: ToolName) => {
      const release = definitions[name].release?.(currentPlatform());
      const { url, checksumsUrl, member } = release ?? assert.fail(`${name} has no release`);
      const hasSums = { url, checksumsUrl: checksumsUrl ?? assert.fail(`${name} has no checksums`) };
      return { ...hasSums, ...(member !== undefined && { member }) };
    };

    /** Serves what the projects of these tools release, which says the pinned version. */
    function serve(...archives: readonly (readonly ToolName[])[]): string[] {
      return archives.flatMap((names) => {
        const releases = names.map((name) => ({ ...releaseOf(name), version: definitions[name].version }));
        const [{ url, checksumsUrl } = assert.fail()] = releases;
        const files = releases.map(({ member = "", version }) => [member, `#!/bin/sh\necho ${version}\n`] as const);
        const archive = archiveOf(sandbox, Object.fromEntries(files));
        server.serve(url, archive);
        server.serve(checksumsUrl, `${sha256(archive)}  ${path.posix.basename(url)}\n`);
        return [checksumsUrl, url];
      });
    }

    const engineArchives = [["pulumi-language-nodejs", "pulumi"], ["pulumi-resource-kubernetes"]] as const;

    it("a preview of stack prod downloads Pulumi with its language host and two providers, and compiles nothing", async () => {
      const expected = serve(...engineArchives, ["pulumi-resource-aws"]);
      const { executable, environment } = await engineFor(workspace, "prod", { withProgram: true });
      assert.deepEqual(server.requests, expected);
      assert.deepEqual(sandbox.goCalls(), []);
      assert.ok(fs.existsSync(executable));
      const plugins = path.join(environment.PULUMI_HOME ?? "", "plugins");
      assert.deepEqual(fs.readdirSync(plugins).sort(), [
        `language-nodejs-${pins.pulumi}`,
        `resource-aws-${pins.awsProvider}`,
        `resource-kubernetes-${pins.kubernetesProvider}`,
      ]);
      const cached = fs.readdirSync(path.join(sandbox.bin, "../cache/datasets-server/tools")).sort();
      assert.deepEqual(cached, [...toolsOf.deploy, ...toolsOf.eks].sort());
    });

    it("a command that runs no program leaves the AWS provider out, and so does one whose workspace has it", async () => {
      const expected = serve(...engineArchives);
      await engineFor(workspace, "prod");
      fs.mkdirSync(path.join(workspace, "pulumi/plugins", `resource-aws-${pins.awsProvider}`), { recursive: true });
      await engineFor(workspace, "prod", { withProgram: true });
      assert.deepEqual(server.requests, expected);
    });

    it("nothing is asked for what is installed", async () => {
      serve(...engineArchives);
      const installed = await installTools(["deploy"], { log: sandbox.log });
      const asked = server.requests.length;
      assert.deepEqual(await installTools(["deploy"], { log: sandbox.log }), installed);
      assert.deepEqual(findTools(["deploy"]), installed);
      assert.equal(server.requests.length, asked);
    });

    it("a tool that another has put into the cache is found, whatever the cache says of it", async () => {
      serve(...engineArchives);
      const installed = await installTools(["deploy"], { log: sandbox.log });
      const executable = (name: ToolName) => `#!/bin/sh\necho ${definitions[name].version}\n`;
      const checksums = Object.fromEntries(
        toolsOf.deploy.map((name) => [`${releaseOf(name).url}#${releaseOf(name).member}`, sha256(executable(name))]),
      );
      assert.deepEqual(await unverifiedTools(["deploy"], checksums), []);

      fs.appendFileSync(installed.pulumi, "curl https://attacker.test\n");
      const [found, ...others] = await unverifiedTools(["deploy"], checksums);
      assert.deepEqual(others, []);
      assert.equal(found?.name, "pulumi");
      assert.match(found.why, /its sha256 is [0-9a-f]{64}, and its release has [0-9a-f]{64}/);
    });

    it("a tool of which no checksum is committed is not called verified", async () => {
      serve(...engineArchives);
      await installTools(["deploy"], { log: sandbox.log });
      const unverified = await unverifiedTools(["deploy", "eks"], {});
      assert.deepEqual(
        unverified.map(({ why }) => why.split(" https:")[0]),
        [...Array(3).fill("tools/checksums.json has nothing of"), "it is not installed"],
      );
    });

    /** The checksums that `ds tools checksums` writes of what the engine's tools release. */
    async function committed(): Promise<Record<string, string>> {
      const file = path.join(sandbox.bin, "../checksums.json");
      fs.writeFileSync(file, "{}");
      await writeChecksums({ releases: toolsOf.deploy.map(releaseOf), file, log: sandbox.log });
      return readChecksums(file);
    }

    describe("in a job that may assume a role", () => {
      /** An executable that says it is the pinned Pulumi, and leaves a trace when it is run. */
      const planted = () => `#!/bin/sh\n: > ${path.join(sandbox.bin, "../ran")}\necho ${pins.pulumi}\n`;
      const wasRun = () => fs.existsSync(path.join(sandbox.bin, "../ran"));
      beforeEach(() => {
        serve(...engineArchives);
        process.env.ACTIONS_ID_TOKEN_REQUEST_URL = "https://github.test/token";
      });

      it("what another planted in the cache is replaced by the release, and never run", async () => {
        const checksums = await committed();
        const { pulumi } = await installTools(["deploy"], { log: sandbox.log, checksums });
        fs.writeFileSync(pulumi, planted());
        assert.deepEqual((await installTools(["deploy"], { log: sandbox.log, checksums })).pulumi, pulumi);
        assert.equal(fs.readFileSync(pulumi, "utf8"), `#!/bin/sh\necho ${pins.pulumi}\n`);
        assert.equal(wasRun(), false);
      });

      it("what another planted on PATH is not asked for its version", async () => {
        fs.writeFileSync(path.join(sandbox.bin, "pulumi"), planted(), { mode: 0o755 });
        await installTools(["deploy"], { log: sandbox.log, checksums: await committed() });
        assert.equal(wasRun(), false);
      });

      it("nothing runs of which no checksum is committed, in the cache, released or compiled", async () => {
        const checksums = await committed();
        const { pulumi } = await installTools(["deploy"], { log: sandbox.log, checksums });
        sandbox.fakeGo("go1.26.0");
        const { url } = releaseOf("pulumi");
        delete checksums[url];
        delete checksums[`${url}#${releaseOf("pulumi").member}`];
        fs.writeFileSync(pulumi, planted());
        await assert.rejects(installTools(["deploy"], { log: sandbox.log, checksums }), ({ message }: Error) => {
          assert.ok(message.includes(`tools/checksums.json has no checksum of ${url}`), message);
          assert.match(message, /\nNext: commit the checksums that `ds tools checksums` writes/);
          return true;
        });
        assert.deepEqual([wasRun(), sandbox.goCalls()], [false, []]);
      });
    });

    it("in CI a release is taken only by a committed checksum, and outside it is said that none is committed", async () => {
      serve(...engineArchives);
      await installTools(["deploy"], { log: sandbox.log, checksums: {} });
      assert.match(
        sandbox.lines.join("\n"),
        /pulumi .*official release, sha256 as published with the release: none is committed/,
      );
      fs.rmSync(path.join(sandbox.bin, "../cache"), { recursive: true });

      process.env.CI = "true";
      await assert.rejects(
        installTools(["deploy"], { log: sandbox.log, checksums: {} }),
        /CI takes a release by no other/,
      );
      await installTools(["deploy"], { log: sandbox.log, checksums: await committed() });
      assert.match(sandbox.lines.join("\n"), /pulumi .*official release, sha256 from tools\/checksums\.json/);
    });

    it("a language host of the release takes the place of one that was built from Go modules", async () => {
      serve(...engineArchives);
      const before = path.join(workspace, "pulumi/plugins", `language-nodejs-${pins.languageHostModule}`);
      fs.mkdirSync(before, { recursive: true });
      await engineFor(workspace, "prod");
      assert.equal(fs.existsSync(before), false);
    });
  });
});
