import dgram from "node:dgram";
import net from "node:net";

/**
 * Plays what is beyond the node. `listen ADDRESS:PORT ...` accepts connections and echoes datagrams there; `connect FROM
 * ADDRESS:PORT ...` connects from an address, and prints a line for each: opened, or why not.
 */
async function main([what, ...places]: readonly string[]): Promise<void> {
  if (what === "listen") {
    for (const { host, port } of places.map(parsed)) {
      net.createServer((socket) => socket.end()).listen(port, host);
      const datagrams = dgram.createSocket("udp4");
      datagrams.on("message", (message, from) => datagrams.send(message, from.port, from.address));
      datagrams.bind(port, host);
    }
    console.log("ready");
    return;
  }
  const [from = "", ...targets] = places;
  console.log((await Promise.all(targets.map((place) => connect(from, place)))).join("\n"));
}

const limitMs = 1000;

function connect(localAddress: string, place: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ ...parsed(place), localAddress, timeout: limitMs });
    const done = (result: string) => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => done("opened"));
    socket.once("timeout", () => done("timeout"));
    socket.once("error", (error) => done(error.message));
  });
}

function parsed(place: string): { readonly host: string; readonly port: number } {
  const [host = "", port = ""] = place.split(":");
  return { host, port: Number(port) };
}

void main(process.argv.slice(2));
