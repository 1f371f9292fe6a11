import { z } from "zod";
import { causeOf } from "../../cluster/kubernetesClient";
import { actionOf, albAnnotation, type ListenerRule, listenerRules } from "../../policy/loadBalancer";
import type { Ingress } from "../../policy/shapes";
import { parseJson } from "../lib/json";
import type { Check } from "./checks";

/** No single answer is waited for longer; milliseconds. */
const answerMs = 10_000;

const action = z.union([
  z.object({ fixedResponseConfig: z.object({ statusCode: z.coerce.number() }) }),
  z.object({ redirectConfig: z.object({ statusCode: z.string().regex(/^HTTP_\d{3}$/) }) }),
]);

/** What a load balancer has to answer to a path. */
export interface ExpectedAnswer {
  readonly path: string;
  /** The one status that is right. Default: any by which the service itself answers, so neither 404 nor 5xx. */
  readonly status?: number;
}

/**
 * Returns what the Ingresses of a host promise for each of their paths. A service is asked for its health where the path
 * covers that.
 */
export function expectedAnswers(ingresses: readonly Ingress[], host: string): ExpectedAnswer[] {
  return ingresses
    .flatMap(listenerRules)
    .filter((rule) => rule.host === host)
    .map(expectedAnswer);
}

function expectedAnswer({ ingress, path, backend }: ListenerRule): ExpectedAnswer {
  const name = actionOf(backend);
  if (name !== undefined) {
    const declared = action.parse(parseJson(albAnnotation(ingress, `actions.${name}`) ?? ""));
    const status =
      "redirectConfig" in declared
        ? Number(declared.redirectConfig.statusCode.slice("HTTP_".length))
        : declared.fixedResponseConfig.statusCode;
    return { path, status };
  }
  const healthPath = albAnnotation(ingress, "healthcheck-path") ?? "";
  return path === "/" || healthPath.startsWith(`${path}/`) ? { path: healthPath, status: 200 } : { path };
}

/** Returns the check of one answer, which follows no redirect. */
export function answerCheck(url: string, { path, status }: ExpectedAnswer): Check {
  const address = new URL(path, url).href;
  return {
    title: address,
    failure: async () => {
      const got = await statusOf(address);
      if (typeof got === "string") return got;
      const isRight = status === undefined ? got !== 404 && got < 500 : got === status;
      return isRight ? undefined : `HTTP ${got}, expected ${status ?? "an answer of its service: neither 404 nor 5xx"}`;
    },
  };
}

async function statusOf(address: string): Promise<number | string> {
  try {
    return (await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(answerMs) })).status;
  } catch (error) {
    return causeOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
  }
}
