import fs from "node:fs/promises";
import { parseDocument } from "yaml";
import { serviceNames } from "../../../catalog/services";
import { podsOf } from "./chart";

/** Gives production the sizes of a test: the pods that the chart has in one. */
export async function scaleDown(stackFile: string): Promise<void> {
  await setStackFile(stackFile, (set) => {
    for (const service of serviceNames) set(["services", service, "replicas"], podsOf(service));
    for (const pool of ["heavy", "medium", "light"]) {
      set(["workers", pool, "autoscaling", "minReplicas"], podsOf(`worker-${pool}`));
    }
  });
}

type Set = (keyPath: readonly string[], value: unknown) => void;

/** Changes a stack file as a user would; undefined removes a key. */
export async function setStackFile(file: string, edit: (set: Set) => void): Promise<void> {
  const document = parseDocument(await fs.readFile(file, "utf8"));
  edit(([section = "", ...inner], value) => {
    const at = ["config", `datasets-server:${section}`, ...inner];
    if (value === undefined) document.deleteIn(at);
    else document.setIn(at, value);
  });
  await fs.writeFile(file, String(document));
}
