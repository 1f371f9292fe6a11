import { kubeScore, scanStacks } from "../cli/scan";
import type { Remark } from "../policy/kubeScore";
import { chartObjects } from "../tests/support/e2e/chart";
import { pins } from "../tools/pins";
import type { Figure } from "./figures";

/** The environment of the chart that each scanned stack stands for. */
const environments = { prod: "prod", ephemeral: "staging" } as const;

/** What scanners find in our objects and in the chart's. */
export async function scanners(): Promise<Figure[]> {
  console.log("scanning our objects and the chart's");
  const scans = await scanStacks();
  return Promise.all(
    scans.map(async ({ stack, faults, tolerated }) => {
      const items = chartObjects(environments[stack]).map((object) => JSON.stringify(object));
      const ofChart = await kubeScore(items.join("\n---\n"));
      return {
        what: `CRITICAL findings of kube-score ${pins.kubeScore} in stack ${stack}, and in the chart's ${environments[stack]}`,
        measured: `${critical(faults)}, besides ${critical(tolerated)} that may stay for a reason; the chart's ${critical(ofChart)}`,
        reach: "0",
      };
    }),
  );
}

function critical(remarks: readonly Remark[]): number {
  return remarks.filter(({ level }) => level === "CRITICAL").length;
}
