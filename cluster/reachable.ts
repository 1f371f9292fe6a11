import { openConnection } from "../network/proxies";
import { errorText, UserError } from "./userError";

/** How long an API server may take to accept a connection; milliseconds. */
const timeout = 5000;

/** Throws, naming the server, when nothing accepts a connection at a server's URL within five seconds. */
export async function checkReachable(server: string, next: string): Promise<void> {
  try {
    await openConnection(server, timeout);
  } catch (error) {
    throw new UserError(`cannot reach the Kubernetes API server ${server}: ${errorText(error)}`, next);
  }
}
