import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { takeInventory } from "../policy/inventory";
import { isTolerated, parseRemarks, type Remark, remarkText, tolerations } from "../policy/kubeScore";
import { installTools } from "../tools/install";
import { pins } from "../tools/pins";
import { run } from "../tools/run";
import { stackObjects, toYaml } from "./objects";

/** The stacks whose objects are scanned. */
const scannedStacks = ["prod", "ephemeral"] as const;

type ScannedStack = (typeof scannedStacks)[number];

/** What kube-score says of a stack's objects. */
export interface Scan {
  readonly stack: ScannedStack;
  /** What has to be mended. */
  readonly faults: readonly Remark[];
  /** What may stay, for a reason that is true of its object. */
  readonly tolerated: readonly Remark[];
}

/**
 * Has kube-score look at every object of prod and ephemeral. Prints what has to be mended, and with `list` also each
 * object that stays as it is, with the reason.
 *
 * @returns whether there is nothing to mend.
 */
export async function scan({ list }: { readonly list: boolean }): Promise<boolean> {
  const scans = await scanStacks();
  for (const { stack, faults, tolerated } of scans) {
    console.log(`kube-score on stack ${stack}: ${counts(faults)} to mend; ${counts(tolerated)} that may stay`);
    const lines = [...faults.map(remarkText), ...(list ? reasons(tolerated) : [])];
    for (const line of lines) console.log(`  ${line}`);
  }
  const isClean = scans.every(({ faults }) => faults.length === 0);
  if (!isClean) {
    console.log(
      "Next: change these objects in components/. What may stay, and why: policy/kubeScore.ts, ds scan --list",
    );
  }
  return isClean;
}

/** Scans prod and ephemeral as the program makes them today. */
export async function scanStacks(): Promise<Scan[]> {
  const scans: Scan[] = [];
  for (const stack of scannedStacks) {
    const objects = stackObjects(stack);
    const inventory = takeInventory(objects, { stack, namespace: "", internalHosts: [], externalClaims: [] });
    const remarks = await kubeScore(toYaml(objects));
    const tolerated = remarks.filter((remark) => isTolerated(remark, inventory));
    scans.push({ stack, faults: remarks.filter((remark) => !tolerated.includes(remark)), tolerated });
  }
  return scans;
}

/** What kube-score says of objects in YAML or JSON. Throws, with what it said, when it cannot read them. */
export async function kubeScore(objects: string): Promise<Remark[]> {
  const { "kube-score": executable } = await installTools(["check"]);
  const folder = await mkdtemp(path.join(tmpdir(), "datasets-server-scan-"));
  try {
    const file = path.join(folder, "objects.yaml");
    await writeFile(file, objects);
    const version = pins.kubernetes.split(".").slice(0, 2).join(".");
    const flags = ["--output-format", "json", "--kubernetes-version", version];
    const { stdout, stderr } = await run(executable, ["score", ...flags, file]);
    if (stderr !== "") throw new Error(`kube-score cannot read the objects: ${stderr.trim()}`);
    return parseRemarks(stdout);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As in `3 CRITICAL, 1 WARNING`. */
function counts(remarks: readonly Remark[]): string {
  const of = (level: Remark["level"]) => `${remarks.filter((remark) => remark.level === level).length} ${level}`;
  return `${of("CRITICAL")}, ${of("WARNING")}`;
}

/** For each check its reason, and the objects for which it is true. */
function reasons(tolerated: readonly Remark[]): string[] {
  return Object.entries(tolerations).flatMap(([check, { level, why }]) => {
    const objects = new Set(tolerated.filter((remark) => remark.check === check).map(({ object }) => object));
    return objects.size === 0 ? [] : [`${level} ${check}: ${why}`, ...[...objects].sort().map((id) => `  ${id}`)];
  });
}
