import fs from "node:fs";
import path from "node:path";

const root = "/sys/fs/cgroup";

/** The folders of a cgroup: one in each hierarchy of version 1, or the only one of version 2. */
export function cgroupFolders(id: string): string[] {
  if (fs.existsSync(path.join(root, "cgroup.controllers"))) return [path.join(root, id)];
  return fs
    .readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => path.join(root, name, id));
}

/** Makes the cgroup below which all pods of a node are, and puts this process and the first one of its namespace there. */
export function enterCgroup(id: string): void {
  for (const folder of cgroupFolders(id)) {
    // Pods get cgroups beside it: in version 2 only one without others below has processes.
    const own = path.join(folder, "node");
    for (const each of [folder, own]) makeFolder(each);
    for (const pid of [1, process.pid]) fs.writeFileSync(path.join(own, "cgroup.procs"), `${pid}`);
  }
}

function makeFolder(folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
  // Version 1 lets nothing run in a set without processors and memory.
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const above = path.join(path.dirname(folder), file);
    if (fs.existsSync(above)) fs.writeFileSync(path.join(folder, file), fs.readFileSync(above));
  }
}

/** Removes the cgroup with all that is below it. Its processes have ended. */
export function removeCgroup(id: string): void {
  for (const folder of cgroupFolders(id)) removeTree(folder);
}

/** A cgroup's files go with it, and only its own folder can be removed. */
function removeTree(folder: string): void {
  if (!fs.existsSync(folder)) return;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(path.join(folder, entry.name));
  }
  fs.rmdirSync(folder);
}
