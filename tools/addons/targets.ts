import { createHash } from "node:crypto";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { TargetGroupArgs } from "./rules";

/** A pod by the address that requests go to. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly pod: string;
}

/** What a target's state is called in AWS; only healthy ones get requests, unless none is. */
type TargetHealth = "initial" | "healthy" | "unhealthy";

interface Registered {
  readonly target: Target;
  /** For the cookie of clients that stay. */
  readonly id: string;
  health: TargetHealth;
  /** Ends the health checks, and after the deregistration delay the open requests. */
  readonly left: AbortController;
}

/** The targets of one group, and how they are. */
export class TargetGroup {
  /**
   * Connections to targets stay open for further requests. Idle ones are closed before the application closes them, after 5 s. A
   * real load balancer keeps them for 60, and answers with 502 where a request meets the end of one (docs/availability.md).
   */
  readonly agent = new http.Agent({ keepAlive: true, timeout: 3_000 });
  private readonly registered = new Map<string, Registered>();
  private next = 0;

  constructor(
    readonly args: TargetGroupArgs,
    /** Is told of each change of a target's health. */
    private readonly onHealth: (target: Target, healthy: boolean) => void,
  ) {}

  /** Registers those that are new, and has those that are gone get no more requests. */
  apply(wanted: readonly Target[]): void {
    const keys = new Set(wanted.map(key));
    for (const [name, { left }] of this.registered) {
      if (keys.has(name)) continue;
      this.registered.delete(name);
      left.abort();
    }
    for (const target of wanted) {
      if (this.registered.has(key(target))) continue;
      const id = createHash("sha256").update(key(target)).digest("hex").slice(0, 16);
      const added: Registered = { target, id, health: "initial", left: new AbortController() };
      this.registered.set(key(target), added);
      void this.check(added);
    }
  }

  /** The target of the next request: in turn, or the one that a client's cookie names. Without healthy ones any will do. */
  choose(sticky: string | undefined): { target: Target; id: string; left: AbortSignal } | undefined {
    const all = [...this.registered.values()];
    const healthy = all.filter(({ health }) => health === "healthy");
    const usable = healthy.length > 0 ? healthy : all;
    this.next += 1;
    const chosen = usable.find(({ id }) => id === sticky) ?? usable[this.next % usable.length];
    return chosen && { target: chosen.target, id: chosen.id, left: chosen.left.signal };
  }

  /** Ends all checks and connections. */
  close(): void {
    this.apply([]);
    this.agent.destroy();
  }

  private async check(registered: Registered): Promise<void> {
    const { intervalSeconds, healthyCount, unhealthyCount } = this.args.healthCheck;
    const { left } = registered;
    let streak = 0;
    while (!left.signal.aborted) {
      const passed = await this.answers(registered.target);
      if (left.signal.aborted) return;
      streak = passed ? Math.max(streak, 0) + 1 : Math.min(streak, 0) - 1;
      // A new target needs to pass once only.
      const enough = registered.health === "initial" && passed ? 1 : passed ? healthyCount : unhealthyCount;
      const health = Math.abs(streak) < enough ? registered.health : passed ? "healthy" : "unhealthy";
      if (health !== registered.health) {
        registered.health = health;
        this.onHealth(registered.target, health === "healthy");
      }
      await sleep(intervalSeconds * 1000, undefined, { signal: left.signal }).catch(() => {});
    }
  }

  private answers({ address, port }: Target): Promise<boolean> {
    const { healthPath, healthCheck } = this.args;
    const timeout = healthCheck.timeoutSeconds * 1000;
    return new Promise((resolve) => {
      const asked = http.get({ host: address, port, path: healthPath, agent: false, timeout }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      asked.on("timeout", () => asked.destroy(new Error("timeout"))).on("error", () => resolve(false));
    });
  }
}

function key({ address, port }: Target): string {
  return `${address}:${port}`;
}
