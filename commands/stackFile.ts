import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import { clusterName } from "../config/stacks";

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
export async function readStackFileHead(file: string): Promise<StackFileHead> {
  const parsed = stackFileText.safeParse(parse(await readFile(file, "utf8")));
  if (!parsed.success) {
    throw new Error(`${file} is no stack file of this project: ${z.prettifyError(parsed.error)}`);
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
