import * as http from "node:http";
import * as https from "node:https";
import { proxyAgents } from "../network/proxies";
import { errorText, UserError } from "./userError";

/** How an API server is asked whether it answers. */
interface Ask {
  /** The certificate authority of the server, as a kubeconfig has it, in base64. Default: those that Node.js trusts. */
  readonly certificateAuthority?: string | undefined;
  /** How long it may take to answer; milliseconds. Default: 10 s. */
  readonly limitMs?: number;
}

/**
 * Checks that an API server answers, whatever it says: one that hangs takes connections too, and Pulumi would wait for it
 * without a word.
 *
 * @throws a UserError that names the server.
 */
export async function checkReachable(server: string, next: string, ask: Ask = {}): Promise<void> {
  try {
    await answer(server, ask);
  } catch (error) {
    throw new UserError(`cannot reach the Kubernetes API server ${server}: ${errorText(error)}`, next);
  }
}

function answer(server: string, { certificateAuthority, limitMs = 10_000 }: Ask): Promise<void> {
  const { httpAgent, httpsAgent } = proxyAgents();
  const url = new URL("/livez", server);
  const signal = AbortSignal.timeout(limitMs);
  return new Promise((resolve, reject) => {
    const done = (response: http.IncomingMessage) => {
      response.destroy();
      resolve();
    };
    const ca = certificateAuthority && Buffer.from(certificateAuthority, "base64");
    const request =
      url.protocol === "http:"
        ? http.get(url, { agent: httpAgent, signal }, done)
        : https.get(url, { agent: httpsAgent, signal, ...(ca && { ca }) }, done);
    request.once("error", (error) =>
      reject(signal.aborted ? new Error(`no answer within ${limitMs / 1000} s`) : error),
    );
  });
}
