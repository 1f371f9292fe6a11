import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import path from "node:path";
import type { PodStages } from "../../../tools/cluster";
import type { RunResult } from "../../../tools/run";
import type { Engine } from "./engine";
import { EnvironmentUser } from "./environments";
import { objectsOf } from "./kubernetes";
import { findLeaks } from "./leaks";
import { endOrphans } from "./orphans";
import { setEverySecret } from "./secrets";
import { labelledObjects } from "./workloads";

/** `engine` leaves the language host and the providers running, as a kill by process id does; `all` does not. */
export type Killed = "engine" | "all";

const updateArgs = ["up", "--yes", "--skip-preview", "--stack", "local", "--non-interactive"];

/** Stack local on a cluster of its own, with secrets that nobody else has, while updates go wrong. */
export class FaultyStack {
  private changes = 0;

  private constructor(
    readonly user: EnvironmentUser,
    readonly engine: Engine,
    private readonly secrets: ReadonlyMap<string, string>,
    private readonly logs: string,
  ) {}

  /** Starts in an existing folder; the stack is there and empty. */
  static async create(suite: string, podStages?: PodStages): Promise<FaultyStack> {
    const user = await EnvironmentUser.create(suite, podStages);
    const engine = user.engine("local");
    await engine.init();
    const logs = path.join(suite, "logs");
    await fs.mkdir(logs);
    return new FaultyStack(user, engine, await setEverySecret(engine), logs);
  }

  /** Where the engine keeps the stack's state. */
  get stateFile(): string {
    return path.join(this.engine.stateFolder, ".pulumi/stacks/datasets-server/local.json");
  }

  /** Changes what the next update has to do: images, then a setting, and again. */
  async change(): Promise<void> {
    this.changes += 1;
    if (this.changes % 2 === 1) {
      await this.engine.configure("images.tag", `sha-${String(this.changes).padStart(7, "0")}`);
    } else {
      await this.engine.configure("env.LOG_LEVEL", this.changes % 4 === 0 ? "INFO" : "WARNING");
    }
  }

  /**
   * Changes something and kills the update while it runs: after that many milliseconds, or sooner when it would be over by
   * then.
   *
   * @returns when it was killed.
   */
  async killUpdate(afterMs: number, killed: Killed): Promise<number> {
    await this.change();
    const log = await fs.open(path.join(this.logs, "killed.log"), "a");
    const { folder: cwd, environment: env } = this.engine;
    const child = spawn("pulumi", updateArgs, { cwd, env, stdio: ["ignore", log.fd, log.fd] });
    await log.close();
    const timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
    await once(child, "exit");
    clearTimeout(timer);
    if (child.signalCode === null) return this.killUpdate(afterMs / 2, killed);
    if (killed === "all") await endOrphans(this.engine.folder);
    return afterMs;
  }

  /** What the runbook says after a run that was killed: `ds unlock local`, here with nobody to ask. */
  async unlock(): Promise<void> {
    succeeded(await this.user.dsLocal("unlock", "--yes"));
  }

  /** The same, then the next update. */
  async unlockAndUp(): Promise<void> {
    await this.unlock();
    succeeded(await this.engine.up());
  }

  /**
   * Fails unless the stack is as if nothing had happened: nothing to change, and on the cluster each of its objects, once, and
   * no other with its label.
   *
   * @returns where one of its secrets is to be found that must not be.
   */
  async assertWhole(): Promise<string[]> {
    succeeded(await this.engine.preview("--expect-no-changes", "--diff"));
    const inState = objectsOf(await this.engine.stateResources()).map(
      ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`,
    );
    assert.deepEqual(await labelledObjects(this.user.cluster.kubernetes, "local"), inState.sort());
    const folders = [this.engine.stateFolder, this.engine.pulumiHome, this.logs];
    const leaks = await Promise.all(
      [...this.secrets.values()].map((secret) => findLeaks(secret, { folders, texts: this.engine.printedTexts() })),
    );
    return leaks.flat();
  }
}

/** The result of a command that must have ended well. */
export function succeeded(result: RunResult): RunResult {
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result;
}
