import net from "node:net";

/** Below the range from which systems hand out ports to outgoing connections. */
const lowest = 20_000;
const highest = 31_999;
const attempts = 200;

/**
 * Returns distinct TCP ports on which nothing listens now, chosen at random so that clusters started at the same moment
 * do not meet.
 *
 * @throws when too few free ports are found between 20000 and 31999.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; attempt < attempts && found.size < count; attempt += 1) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  if (found.size < count) {
    throw new Error(
      `found only ${found.size} of ${count} free ports between ${lowest} and ${highest}; end what listens there`,
    );
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
