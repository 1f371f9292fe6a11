import dgram from "node:dgram";
import type { ClusterCaches } from "./controller";

const suffix = "svc.cluster.local";

/** Times to live of all answers; seconds. CoreDNS' own for the cluster's names. */
const timeToLive = 5;

const codes = { ok: 0, noSuchName: 3, notImplemented: 4 } as const;

const types = { a: 1, aaaa: 28 } as const;

/**
 * Starts a DNS server for the cluster's own names, by UDP: Services, headless ones, and the pods of these. There are no others
 * where there is no way out.
 */
export function startDns(caches: ClusterCaches, address: string): Promise<dgram.Socket> {
  const socket = dgram.createSocket("udp4");
  socket.on("message", (message, { address: client, port }) => {
    const answer = answerTo(message, (name) => addressesOf(caches, name));
    if (answer !== undefined) socket.send(answer, port, client);
  });
  return new Promise((resolve, reject) => {
    socket.once("error", reject).bind(53, address, () => resolve(socket));
  });
}

/**
 * Returns the answer to a DNS message of one question; undefined for what is no question.
 *
 * @param lookUp returns the IPv4 addresses of a name in lower case; undefined where there is none of that name
 */
export function answerTo(message: Buffer, lookUp: (name: string) => readonly string[] | undefined): Buffer | undefined {
  if (message.length < 17 || message.readUInt16BE(4) !== 1 || (message.readUInt8(2) & 0x80) !== 0) return undefined;
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (at + 5 > message.length) return undefined;
  const question = message.subarray(12, at + 5);
  const type = message.readUInt16BE(at + 1);
  const addresses = lookUp(labels.join(".").toLowerCase());
  const isKnown = type === types.a || type === types.aaaa;
  const code = !isKnown ? codes.notImplemented : addresses === undefined ? codes.noSuchName : codes.ok;
  const found = type === types.a ? (addresses ?? []) : [];
  const header = Buffer.from(message.subarray(0, 12));
  // An answer, authoritative, with recursion; of one question.
  header.writeUInt16BE(0x8580 | code, 2);
  header.writeUInt16BE(found.length, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, question, ...found.map(record)]);
}

/** An address, of the name that the question has at its byte 12. */
function record(address: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(0xc00c, 0);
  bytes.writeUInt16BE(types.a, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt32BE(timeToLive, 6);
  bytes.writeUInt16BE(4, 10);
  bytes.set(address.split(".").map(Number), 12);
  return bytes;
}

/** The addresses of `service.namespace.svc.cluster.local`, and of `pod.service.namespace...` of headless ones. */
function addressesOf({ services, slices }: ClusterCaches, name: string): string[] | undefined {
  if (!name.endsWith(`.${suffix}`)) return undefined;
  const [namespace = "", service = "", pod, ...more] = name
    .slice(0, -suffix.length - 1)
    .split(".")
    .reverse();
  const spec = services.get(service, namespace)?.spec;
  if (spec === undefined || more.length > 0) return undefined;
  if (pod === undefined && spec.clusterIP !== undefined && spec.clusterIP !== "None") return [spec.clusterIP];
  const endpoints = slices
    .list()
    .filter(({ metadata }) => metadata?.namespace === namespace)
    .filter(({ metadata }) => metadata?.labels?.["kubernetes.io/service-name"] === service)
    .flatMap((slice) => slice.endpoints ?? [])
    .filter(({ conditions, hostname }) => (pod === undefined ? conditions?.ready !== false : hostname === pod));
  const found = endpoints.flatMap(({ addresses }) => addresses);
  return pod !== undefined && found.length === 0 ? undefined : found;
}
