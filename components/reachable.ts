import { connect } from "node:net";
import { Refusal } from "./refusal";

/** How long an API server may take to accept a connection; milliseconds. */
const timeout = 5000;

/** Throws, naming the server and the advice, when nothing accepts a connection at a server's URL within five seconds. */
export async function checkReachable(server: string, advice: string): Promise<void> {
  const { hostname, port, protocol } = new URL(server);
  const socket = connect({ host: hostname, port: Number(port || (protocol === "https:" ? 443 : 80)) });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", () => resolve());
      socket.once("error", reject);
      socket.setTimeout(timeout, () => reject(new Error(`no answer within ${timeout / 1000} s`)));
    });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new Refusal(`cannot reach the Kubernetes API server ${server}: ${cause}\n${advice}`);
  } finally {
    socket.destroy();
  }
}
