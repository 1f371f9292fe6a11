import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { stackFile } from "../../../cli/lib/project";
import { isEncryptedKey } from "../../../config/schema";
import { wellFormedSecret } from "../secrets";

/** What stands in the place of every secret: it may be in nothing that anybody is shown. */
export const plantedSecret = "planted5ecret";

/** A configuration without issues. */
export interface Base {
  readonly stack: string;
  /** The stack file's keys, less their common prefix. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What else the run is told, by environment variables. */
  readonly environment: Readonly<Record<string, unknown>>;
}

const pullRequest = {
  DATASETS_SERVER_PR_IMAGE_TAG: "sha-abc1234",
  DATASETS_SERVER_PR_TITLE: "Count the rows of each split",
  DATASETS_SERVER_PR_AUTHOR: "octocat",
  DATASETS_SERVER_PR_HEAD_SHA: "abc1234",
  DATASETS_SERVER_PR_EXPIRES: "2026-01-31T12:00:00Z",
};

/** Every sort of stack, each with the file that configures it. */
export const bases: readonly Base[] = [
  base("prod"),
  base("ephemeral"),
  base("local"),
  base("pr-7", stackFile("ephemeral"), pullRequest),
  // The longest names.
  base("pr-999999", stackFile("local"), pullRequest),
  keepingHelmNames(base("prod")),
  secondProduction(base("prod")),
];

function base(stack: string, file = stackFile(stack), environment = {}): Base {
  const { config }: { config: Record<string, unknown> } = parse(readFileSync(file, "utf8"));
  const entries = Object.entries(config).map(([key, value]) => {
    const name = key.replace("datasets-server:", "");
    return [name, isEncryptedKey(name) ? { secure: wellFormedSecret(name, plantedSecret) } : value];
  });
  return { stack, config: Object.fromEntries(entries), environment };
}

function keepingHelmNames({ config, ...rest }: Base): Base {
  return {
    ...rest,
    config: { ...config, helm: { release: "prod" } },
    environment: { DATASETS_SERVER_ADOPT: "prod" },
  };
}

function secondProduction({ config, environment }: Base): Base {
  const endpoints = Object.entries(Object(config.ingress)).map(([name, endpoint]) => {
    const loadBalancer = { ...Object(Object(endpoint).loadBalancer), name: `prod-hub-green-${name}` };
    return [name, { ...Object(endpoint), loadBalancer }];
  });
  return {
    stack: "prod-hub-green",
    config: {
      ...config,
      stacks: ["prod-CLUSTER"],
      cluster: { ...Object(config.cluster), name: "hub-green" },
      ingress: Object.fromEntries(endpoints),
      standby: true,
    },
    environment,
  };
}
