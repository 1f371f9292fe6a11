import { formatDuration } from "../../tools/progress";
import { table } from "../lib/table";
import { type Forecast, mostSeconds, type Range, type WorkloadForecast } from "./forecast";

/** A table of a forecast, whose first column names things. */
export interface ForecastTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A forecast in words, the same wherever it is shown. */
export interface ForecastText {
  /** One sentence, such as `3 pods restart, in 3m 10s at most.` */
  readonly summary: string;
  readonly workloads: ForecastTable;
  /** What else there is to say; no table is empty. */
  readonly details: readonly ForecastTable[];
}

/** Returns a forecast in words. `quoted` marks names as such; default: as they are. */
export function forecastText(forecast: Forecast, quoted = (name: string) => name): ForecastText {
  const { workloads, jobs, scheduledJobs, addresses, nodePools, quota } = forecast;
  const details: readonly ForecastTable[] = [
    {
      head: ["job", "what happens", "at most"],
      rows: [
        ...jobs.map(({ name, deadlineSeconds }) => [
          quoted(name),
          "runs before new pods start",
          duration(deadlineSeconds),
        ]),
        ...scheduledJobs.map((name) => [quoted(name), "its next run is another one than before", ""]),
      ],
    },
    {
      head: ["address", "for clients"],
      rows: [
        ...addresses.gone.map((address) => [quoted(address), "gone"]),
        ...addresses.added.map((address) => [quoted(address), "new"]),
      ],
    },
    {
      head: ["nodes with", "requests of cpu before", "after", "of memory before", "after"],
      rows: nodePools.map(({ label, before, after }) => [
        label === "" ? "no label in particular" : quoted(label),
        ...[before.cpu, after.cpu].map((cores) => range(cores, rounded)),
        ...[before.memory, after.memory].map((bytes) => range(bytes, gibibytes)),
      ]),
    },
    {
      head: ["quota", "allowed", "used at most", "left"],
      rows: quota.map(({ name, hard, used }) => {
        const amount = name.endsWith("memory") ? gibibytes : rounded;
        return [quoted(name), amount(hard), amount(used), amount(hard - used)];
      }),
    },
  ];
  return {
    summary: summary(forecast, quoted),
    workloads: {
      head: ["workload", "pods", "how", "ready meanwhile", "at most"],
      rows: workloads.map((workload) => [
        quoted(workload.name),
        podsOf(workload),
        howOf(workload),
        workload.before.most === 0 ? "" : `${range(workload.ready)} of ${range(workload.before)}`,
        duration(workload.deadlineSeconds || undefined),
      ]),
    },
    details: details.filter(({ rows }) => rows.length > 0),
  };
}

/** Returns a forecast as a terminal shows it. */
export function forecastLines(forecast: Forecast): string {
  const { summary, workloads, details } = forecastText(forecast);
  const tables = [workloads, ...details].filter(({ rows }) => rows.length > 0);
  return [summary, ...tables.map(({ head, rows }) => table(head, rows))].join("\n\n");
}

function summary(forecast: Forecast, quoted: (name: string) => string): string {
  const { workloads, undisturbed, jobs, addresses } = forecast;
  const restarts = workloads
    .map((workload) => workload.restarts)
    .reduce((sum, { fewest, most }) => ({ fewest: sum.fewest + fewest, most: sum.most + most }), {
      fewest: 0,
      most: 0,
    });
  const below = workloads.filter(({ ready, before, after }) => ready.fewest < Math.min(before.fewest, after.fewest));
  const seconds = mostSeconds(forecast);
  const [restarting, other] = [
    range(restarts),
    `${undisturbed} other ${undisturbed === 1 ? "workload is" : "workloads are"} undisturbed`,
  ];
  const parts = [
    restarts.most === 0 ? "nothing restarts" : `${restarting} ${restarting === "1" ? "pod restarts" : "pods restart"}`,
    ...jobs.map(({ name }) => `${quoted(name)} runs first`),
    ...(seconds > 0 ? [`all new pods are ready in ${duration(seconds)} at most`] : []),
    ...(below.length > 0
      ? [`below the usual number meanwhile: ${below.map(({ name }) => quoted(name)).join(", ")}`]
      : []),
    ...(addresses.gone.length > 0 ? ["clients lose addresses"] : []),
    ...(undisturbed > 0 && workloads.length > 0 ? [other] : []),
  ];
  const text = parts.join("; ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function podsOf({ restarts, before, after }: WorkloadForecast): string {
  const more = { fewest: Math.max(0, after.fewest - before.fewest), most: Math.max(0, after.most - before.most) };
  const fewer = { fewest: Math.max(0, before.fewest - after.fewest), most: Math.max(0, before.most - after.most) };
  const parts = [
    ...(restarts.most > 0 ? [`${range(restarts)} restart`] : []),
    ...(more.most > 0 ? [`${range(more)} more`] : []),
    ...(fewer.most > 0 ? [`${range(fewer)} fewer`] : []),
  ];
  return parts.join(", ");
}

function howOf({ restarts, order, atOnce }: WorkloadForecast): string {
  if (restarts.most === 0) return "no other pod restarts";
  return order === "all at once" ? "all end before a new one starts" : `${range(atOnce)} at a time, ${order}`;
}

function range({ fewest, most }: Range, format: (amount: number) => string = String): string {
  return fewest === most ? format(most) : `${format(fewest)} to ${format(most)}`;
}

function duration(seconds: number | undefined): string {
  return seconds === undefined ? "" : formatDuration(seconds * 1000);
}

function gibibytes(bytes: number): string {
  return `${rounded(bytes / 2 ** 30)} GiB`;
}

function rounded(amount: number): string {
  return String(Number(amount.toFixed(2)));
}
