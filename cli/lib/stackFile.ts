import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { secretMarker } from "../../catalog/secrets";
import { UserError } from "../../cluster/userError";
import { refuse, refuseSubject } from "../../config/issues";
import { parse, type Stack } from "../../config/parse";
import { readStackFile } from "../../config/stackFile";
import { clusterName } from "../../config/stacks";
import { stackFile } from "./project";

const encryption = z.object({
  encryptionsalt: z.string().optional(),
  secretsprovider: z.string().optional(),
  encryptedkey: z.string().optional(),
});

const stackFileText = encryption.extend({
  config: z.object({
    "datasets-server:cluster": z.object({
      name: z.string().regex(clusterName),
      region: z.string().optional(),
      account: z.string().optional(),
    }),
  }),
});

/** What can decrypt a stack file: a passphrase or a key; `nothing` is encrypted in a new one. */
export type SecretsKeeper =
  | { readonly kind: "nothing" }
  | { readonly kind: "passphrase" }
  | { readonly kind: "key"; readonly url: string; readonly encryptedKey: string };

/** What a stack file says of its cluster and of its encryption. */
export interface StackFileHead {
  readonly cluster: z.infer<typeof stackFileText>["config"]["datasets-server:cluster"];
  readonly keeper: SecretsKeeper;
}

/**
 * Reads the stack file of a stack, by the program's own rules and without its secrets. A pull request's may be another
 * file than that of stack ephemeral. `variables` are environment variables; default: those of this process.
 *
 * @throws a UserError that names every issue.
 */
export function readStack(
  stack: string,
  file = stackFile(stack),
  variables = process.env,
): Stack & Pick<StackFileHead, "keeper"> {
  const { value, config } = readStackFile(file);
  const parsed = parse(stack, config, {
    variables,
    secret: () => pulumi.secret(secretMarker),
    plainSecret: () => undefined,
  });
  if (!parsed.ok) return refuse(stack, parsed.issues);
  return { ...parsed.stack, keeper: keeperOf(checked(file, encryption, value)) };
}

/** Reads the head of a stack file. The program checks the rest. */
export function readStackFileHead(file: string): StackFileHead {
  const { value, config: read } = readStackFile(file);
  if (read.issues.length > 0) return refuseSubject(path.basename(file), read.issues);
  const { config, ...rest } = checked(file, stackFileText, value);
  return { cluster: config["datasets-server:cluster"], keeper: keeperOf(rest) };
}

function checked<T>(file: string, schema: z.ZodType<T>, value: unknown): T {
  const { data, error } = schema.safeParse(value);
  if (data !== undefined) return data;
  throw new UserError(
    `${file} is no stack file of this project: ${error ? z.prettifyError(error) : ""}`,
    "correct it; every key and what it may be: docs/configuration.md",
  );
}

function keeperOf({ encryptionsalt, secretsprovider, encryptedkey }: z.infer<typeof encryption>): SecretsKeeper {
  if (secretsprovider !== undefined && secretsprovider !== "passphrase") {
    return { kind: "key", url: secretsprovider, encryptedKey: encryptedkey ?? "" };
  }
  return encryptionsalt === undefined ? { kind: "nothing" } : { kind: "passphrase" };
}
