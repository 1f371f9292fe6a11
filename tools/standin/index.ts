import { createHash } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { run } from "../run";
import { goEnvironment } from "../sources/go";
import { runBuild } from "../sources/job";

/** An image that the stand-in plays. */
export interface StandInImage {
  /** As pods name it, such as registry.example.com/hub-datasets-server-api:sha-59db084. */
  readonly reference: string;
  /** What the stand-in is told, by the variables that program/main.go lists. Default: to behave. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The image that containerd is to hold each pod's namespaces with. */
export const pauseImage = "localhost/datasets-server/pause:1";

const sources = path.join(__dirname, "program");
const buildLimitMs = 5 * 60_000;

/** What the one program is called by; the shell's commands are busybox'. */
const names = ["standin", "poetry", "mongod", "mongosh"];
const shellNames = ["sh", "rm", "sleep", "ls", "cat"];

/** Where a static busybox may be: Debian's package busybox-static, Alpine's. */
const busyboxFiles = ["/bin/busybox", "/usr/bin/busybox", "/bin/busybox.static"];

const searchPath = "PATH=/usr/local/bin:/usr/bin:/bin";

/**
 * Returns what is missing on this machine for the images of the stand-in; undefined when nothing is. Go has its own question,
 * `goProblem`.
 */
export async function standInProblem(): Promise<string | undefined> {
  return (await staticBusybox()) === undefined
    ? `no static busybox was found at ${busyboxFiles.join(", ")}; Debian's package is busybox-static`
    : undefined;
}

/**
 * Builds the stand-in and writes a docker-archive of the images: one layer that all share, and a configuration each. The same
 * images make the same archive.
 *
 * @param folder is emptied first
 * @returns the archive, for `ctr images import`
 * @throws when Go, busybox or tar is missing or fails
 */
export async function writeStandInImages(images: readonly StandInImage[], folder: string): Promise<string> {
  const root = path.join(folder, "root");
  const archive = path.join(folder, "archive");
  await fs.rm(folder, { recursive: true, force: true });
  await Promise.all([root, archive].map((each) => fs.mkdir(each, { recursive: true })));
  await fillRoot(root);
  await tar(root, path.join(archive, "layer.tar"));
  const layer = await sha256(path.join(archive, "layer.tar"));
  const all = [...images, { reference: pauseImage }];
  const manifest = await Promise.all(
    all.map(async (image) => {
      const text = JSON.stringify(configuration(image, layer));
      const file = `${createHash("sha256").update(text).digest("hex")}.json`;
      await fs.writeFile(path.join(archive, file), text);
      return { Config: file, RepoTags: [image.reference], Layers: ["layer.tar"] };
    }),
  );
  await fs.writeFile(path.join(archive, "manifest.json"), JSON.stringify(manifest));
  const file = path.join(folder, "images.tar");
  await tar(archive, file);
  await Promise.all([root, archive].map((each) => fs.rm(each, { recursive: true })));
  return file;
}

/** The image's own command: what its pods run where they name none. */
export function commandOf(reference: string): readonly string[] {
  if (reference === pauseImage) return ["/pause"];
  const [, program] = /\/hub-datasets-server-([\w-]+)[:@]/.exec(reference) ?? [];
  return program === undefined
    ? ["standin", "idle"]
    : ["poetry", "run", "python", `src/${program.replace(/-/g, "_")}/main.py`];
}

function configuration({ reference, environment = {} }: StandInImage, layer: string) {
  return {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: {
      Env: [searchPath, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)],
      Cmd: commandOf(reference),
      WorkingDir: "/src",
    },
    rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
  };
}

async function fillRoot(root: string): Promise<void> {
  const folders = ["bin", "etc", "proc", "src", "sys", "usr/bin", "var"];
  await Promise.all(folders.map((name) => fs.mkdir(path.join(root, name), { recursive: true })));
  await fs.mkdir(path.join(root, "tmp"));
  await fs.chmod(path.join(root, "tmp"), 0o1777);
  const program = path.join(root, "usr/bin/standin");
  const flags = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w"];
  await runBuild("go", ["build", ...flags, "-o", program, "."], {
    cwd: sources,
    env: { ...goEnvironment(), CGO_ENABLED: "0" },
    timeoutMs: buildLimitMs,
  });
  const busybox = await staticBusybox();
  if (busybox === undefined) throw new Error(await standInProblem());
  await fs.copyFile(busybox, path.join(root, "bin/busybox"));
  await fs.chmod(path.join(root, "bin/busybox"), 0o755);
  await Promise.all([
    ...names.slice(1).map((name) => fs.symlink("standin", path.join(root, "usr/bin", name))),
    ...shellNames.map((name) => fs.symlink("busybox", path.join(root, "bin", name))),
    fs.symlink("usr/bin/standin", path.join(root, "pause")),
    fs.writeFile(path.join(root, "etc/passwd"), "root:x:0:0::/:/bin/sh\n"),
  ]);
}

async function tar(folder: string, file: string): Promise<void> {
  const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  const { code, stderr } = await run("tar", [...same, "-C", folder, "-cf", file, "."]);
  if (code !== 0) throw new Error(`tar of ${folder} failed: ${stderr}`);
}

/** A busybox that needs no library of the machine: it is to run where there are none. */
async function staticBusybox(): Promise<string | undefined> {
  for (const file of busyboxFiles) {
    const head = await fs.readFile(file).catch(() => undefined);
    // A dynamic program names its loader.
    if (head !== undefined && !head.subarray(0, 4096).includes("/ld-")) return file;
  }
  return undefined;
}

async function sha256(file: string): Promise<string> {
  return createHash("sha256")
    .update(await fs.readFile(file))
    .digest("hex");
}
