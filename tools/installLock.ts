import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import lockfile from "proper-lockfile";
import { cacheRoot } from "./cache";

/** Who holds the lock, as its owner file tells. */
interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly doing: string;
}

export interface InstallLock {
  /** Tells waiting installs what this one does now. */
  announce(doing: string): void;
  release(): Promise<void>;
}

// A living holder renews the lock every 2 s, so one that is older than this is dead.
const staleMs = 10_000;
const renewMs = 2_000;
const pollMs = 500;

/**
 * Takes the one install lock of this cache, and waits as long as another living install holds it. A holder that was
 * killed is replaced after 10 s.
 */
export async function takeInstallLock(log: (line: string) => void): Promise<InstallLock> {
  const root = cacheRoot();
  const ownerFile = path.join(root, "install-owner.json");
  fs.mkdirSync(root, { recursive: true });
  const releaseLock = await waitForLock(root, ownerFile, log);
  const owner = { pid: process.pid, host: os.hostname(), since: new Date().toISOString() };
  const announce = (doing: string): void => {
    const draft = `${ownerFile}.${process.pid}`;
    fs.writeFileSync(draft, JSON.stringify({ ...owner, doing } satisfies Owner));
    fs.renameSync(draft, ownerFile);
  };
  announce("starting");
  return {
    announce,
    release: async () => {
      fs.rmSync(ownerFile, { force: true });
      await releaseLock();
    },
  };
}

async function waitForLock(root: string, ownerFile: string, log: (line: string) => void): Promise<() => Promise<void>> {
  let lastLine = "";
  for (;;) {
    const release = await tryLock(root);
    if (release !== undefined) return release;
    const line = `  waiting for another install ${describe(readOwner(ownerFile))}`;
    if (line !== lastLine) log(line);
    lastLine = line;
    await sleep(pollMs);
  }
}

async function tryLock(root: string): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lockfile.lock(root, {
      lockfilePath: path.join(root, "install.lock"),
      stale: staleMs,
      update: renewMs,
      onCompromised: (error) => {
        // Going on could mean two installs in one staging folder; the next run takes up what is finished.
        console.error(
          `the install lock was lost (${error.message}), perhaps because the machine slept: run the command again`,
        );
        process.exit(1);
      },
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ELOCKED") return undefined;
    throw error;
  }
}

function readOwner(ownerFile: string): Owner | undefined {
  try {
    return JSON.parse(fs.readFileSync(ownerFile, "utf8"));
  } catch {
    return undefined;
  }
}

function describe(owner: Owner | undefined): string {
  if (owner === undefined) return "that is just starting or ending";
  const { pid, host, since, doing } = owner;
  const gone = host === os.hostname() && !isAlive(pid);
  const state = gone ? `was killed; its lock expires within ${staleMs / 1000} s` : `now: ${doing}`;
  return `(pid ${pid} on ${host}, since ${since.replace(/\.\d+Z$/, "Z")}, ${state})`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
