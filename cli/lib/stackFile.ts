import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { UserError } from "../../cluster/userError";
import { secretMarker } from "../../components/objects";
import { refuse, refuseSubject } from "../../config/issues";
import { parse, type Stack } from "../../config/parse";
import { readStackFile } from "../../config/stackFile";
import { clusterName } from "../../config/stacks";
import { stackFile } from "./project";

/**
 * Reads what the file of a stack says, by the program's own rules and without its secrets. A pull request's may be another
 * file than that of stack ephemeral. `variables` are environment variables; default: those of this process.
 *
 * @throws a UserError that names every issue.
 */
export function readStack(stack: string, file = stackFile(stack), variables = process.env): Stack {
  const parsed = parse(stack, readStackFile(file).config, {
    variables,
    secret: () => pulumi.secret(secretMarker),
    plainSecret: () => undefined,
  });
  return parsed.ok ? parsed.stack : refuse(stack, parsed.issues);
}

const stackFileText = z.object({
  config: z.object({
    "datasets-server:cluster": z.object({
      name: z.string().regex(clusterName),
      region: z.string().optional(),
      account: z.string().optional(),
    }),
  }),
  encryptionsalt: z.string().optional(),
  secretsprovider: z.string().optional(),
  encryptedkey: z.string().optional(),
});

/** The cluster of a stack file, as far as commands need it. */
export type StackCluster = z.infer<typeof stackFileText>["config"]["datasets-server:cluster"];

/** Who can decrypt a stack file: whoever knows a passphrase, or may use a key; `nothing` is encrypted in a new one. */
export type SecretsKeeper =
  | { readonly kind: "nothing" }
  | { readonly kind: "passphrase" }
  | { readonly kind: "key"; readonly url: string; readonly encryptedKey: string };

export interface StackFileHead {
  readonly cluster: StackCluster;
  readonly keeper: SecretsKeeper;
}

/** What a stack file says of its cluster and of its encryption. The program checks the rest. */
export function readStackFileHead(file: string): StackFileHead {
  const { value, config: read } = readStackFile(file);
  if (read.issues.length > 0) {
    return refuseSubject(path.basename(file), read.issues);
  }
  const parsed = stackFileText.safeParse(value);
  if (!parsed.success) {
    throw new UserError(`${file} is no stack file of this project: ${z.prettifyError(parsed.error)}`);
  }
  const { config, ...encryption } = parsed.data;
  return { cluster: config["datasets-server:cluster"], keeper: keeperOf(encryption) };
}

type Encryption = Omit<z.infer<typeof stackFileText>, "config">;

function keeperOf({ encryptionsalt, secretsprovider, encryptedkey }: Encryption): SecretsKeeper {
  if (secretsprovider !== undefined && secretsprovider !== "passphrase") {
    return { kind: "key", url: secretsprovider, encryptedKey: encryptedkey ?? "" };
  }
  return encryptionsalt === undefined ? { kind: "nothing" } : { kind: "passphrase" };
}
