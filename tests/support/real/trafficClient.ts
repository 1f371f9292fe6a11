import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** What the client is to do: the one argument of this program, as JSON. */
const planSchema = z.object({
  /** Of the load balancer. */
  address: z.string(),
  port: z.number(),
  /** The host that the requests ask for. */
  host: z.string(),
  /** Path by service. */
  paths: z.record(z.string(), z.string()),
  /** Time between two requests of a stream; milliseconds. There are two streams for each service. */
  everyMs: z.number(),
  /** It goes on until it has made so many, all streams together, however early it is told to stop. */
  atLeast: z.number(),
});

export type TrafficPlan = z.infer<typeof planSchema>;

/** What it prints as JSON when it is told to stop, by SIGTERM. Before it prints a line as soon as it has had an answer. */
export const trafficSchema = z.object({
  /** By service. */
  requests: z.record(z.string(), z.number()),
  failures: z.array(z.string()),
  /** The longest time that an answer took, of those that were not asked to be slow; seconds. */
  slowestSeconds: z.number(),
});

export type Traffic = z.infer<typeof trafficSchema>;

const timeoutMs = 30_000;

/** One request of so many takes this long to answer: it is under way when its pod is told to stop. */
const slow = { every: 20, seconds: 3 };

async function main(): Promise<void> {
  const plan = planSchema.parse(JSON.parse(process.argv[2] ?? ""));
  const requests: Record<string, number> = {};
  const failures: string[] = [];
  let made = 0;
  let isUnderWay = false;
  let slowestSeconds = 0;
  let isToldToStop = false;
  process.once("SIGTERM", () => {
    isToldToStop = true;
  });
  const stream = async (service: string, path: string, keepAlive: boolean) => {
    const agent = new http.Agent({ keepAlive, maxSockets: keepAlive ? 2 : Number.POSITIVE_INFINITY });
    const open = new Set<Promise<void>>();
    for (let count = 1; !isToldToStop || made < plan.atLeast; count += 1) {
      const query = count % slow.every === 0 ? `?standin_seconds=${slow.seconds}` : "";
      const started = new Date();
      made += 1;
      const asked = request(plan, `${path}${query}`, agent).then((failure) => {
        if (!isUnderWay) console.log("under way");
        isUnderWay = true;
        requests[service] = (requests[service] ?? 0) + 1;
        if (query === "") slowestSeconds = Math.max(slowestSeconds, (Date.now() - started.getTime()) / 1000);
        if (failure !== undefined) failures.push(`${started.toISOString()} ${service}${query}: ${failure}`);
      });
      open.add(asked.finally(() => open.delete(asked)));
      await sleep(plan.everyMs * (0.5 + Math.random()));
    }
    await Promise.all(open);
  };
  await Promise.all(
    Object.entries(plan.paths).flatMap(([service, path]) => [true, false].map((each) => stream(service, path, each))),
  );
  console.log(JSON.stringify({ requests, failures, slowestSeconds } satisfies Traffic));
}

/** Returns what is wrong with the answer; undefined when it is a 200 and complete. */
function request({ address, port, host }: TrafficPlan, path: string, agent: http.Agent): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = http.get({ host: address, port, path, agent, headers: { host }, timeout: timeoutMs }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        body += part;
      });
      answer.once("error", (error) => resolve(error.message));
      answer.once("end", () => resolve(answer.statusCode === 200 ? undefined : `${answer.statusCode} ${body}`));
    });
    asked.once("timeout", () => asked.destroy(new Error(`no answer in ${timeoutMs / 1000} s`)));
    asked.once("error", (error) => resolve(error.message));
  });
}

if (require.main === module) void main();
