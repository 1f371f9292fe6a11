import fs from "node:fs/promises";
import path from "node:path";

/** The name of the context, the cluster and the user in the kubeconfig of a local cluster. */
export const localContext = "datasets-server-local";

/**
 * Returns a kubeconfig for an API on this machine that needs no other file: the certificates of `pkiFolder` (ca.crt, admin.crt,
 * admin.key) are inside it. They are the only credential. It is JSON, which is YAML too, and quicker to read.
 */
export async function selfContainedKubeconfig(apiServerPort: number, pkiFolder: string): Promise<string> {
  const base64 = (file: string) => fs.readFile(path.join(pkiFolder, file), "base64");
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": localContext,
    contexts: [{ name: localContext, context: { cluster: localContext, user: localContext } }],
    clusters: [
      {
        name: localContext,
        cluster: {
          server: `https://127.0.0.1:${apiServerPort}`,
          "certificate-authority-data": await base64("ca.crt"),
        },
      },
    ],
    users: [
      {
        name: localContext,
        user: {
          "client-certificate-data": await base64("admin.crt"),
          "client-key-data": await base64("admin.key"),
        },
      },
    ],
  };
  return `${JSON.stringify(kubeconfig, undefined, 2)}\n`;
}
