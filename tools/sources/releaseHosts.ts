import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Unavailable } from "./job";

/** Set to a base URL to get releases from a mirror: a release at https://HOST/PATH is then looked for at BASE/HOST/PATH. */
export const mirrorVariable = "DATASETS_SERVER_RELEASE_MIRROR";

export interface ReleaseHosts {
  /** Gets a small text. @throws Unavailable */
  text(url: string): Promise<string>;
  /** Gets a file. @throws Unavailable */
  file(url: string, destination: string): Promise<void>;
  /**
   * Returns whether others could change an answer on its way: a mirror over plain http that is on another machine.
   * Such a file needs a checksum that does not come the same way.
   */
  isOpenToChange(url: string): boolean;
}

export interface ReleaseLimits {
  /** Milliseconds until a host must have answered. */
  readonly answerMs: number;
  /** Milliseconds that a started download may stand still. */
  readonly stallMs: number;
}

const defaultLimits: ReleaseLimits = { answerMs: 4_000, stallMs: 20_000 };
const loopback: readonly string[] = ["127.0.0.1", "[::1]", "localhost"];

/** Reads an answer, and calls `alive` whenever a piece of it has come. */
type Read<T> = (answer: Response, alive: () => void) => Promise<T>;

/** A download that broke off after the host had answered, which is worth a second try. */
class BrokenOff extends Error {}

/** Returns the hosts of official releases. One that fails or hangs is not asked again in this run. */
export function createReleaseHosts(limits: ReleaseLimits = defaultLimits): ReleaseHosts {
  const failed = new Map<string, string>();

  const get = async <T>(url: string, read: Read<T>): Promise<T> => {
    const address = located(url);
    const before = failed.get(address.host);
    if (before !== undefined) throw new Unavailable(`${address.host}: ${before}`);
    try {
      return await getOnce(address, limits, read).catch((error) => {
        if (error instanceof BrokenOff) return getOnce(address, limits, read);
        throw error;
      });
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      const why = reasonOf(error);
      failed.set(address.host, why);
      throw new Unavailable(`${address.host}: ${why}`);
    }
  };

  return {
    isOpenToChange: (url) => {
      const { protocol, hostname } = located(url);
      return protocol !== "https:" && !loopback.includes(hostname);
    },
    text: (url) => get(url, (answer) => answer.text()),
    file: (url, destination) =>
      get(url, (answer, alive) => pipeline(piecesOf(answer, alive), createWriteStream(destination))),
  };
}

async function getOnce<T>(address: URL, { answerMs, stallMs }: ReleaseLimits, read: Read<T>): Promise<T> {
  const controller = new AbortController();
  const within = (ms: number) => setTimeout(() => controller.abort(new Error(`no answer within ${ms / 1000} s`)), ms);
  let timer = within(answerMs);
  try {
    const answer = await fetch(address, { signal: controller.signal });
    if (answer.status === 404) throw new Unavailable(`${address.host}${address.pathname} does not exist (HTTP 404)`);
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    clearTimeout(timer);
    timer = within(stallMs);
    return await read(answer, () => timer.refresh()).catch((error) => {
      throw new BrokenOff(reasonOf(error));
    });
  } finally {
    clearTimeout(timer);
  }
}

async function* piecesOf({ body }: Response, alive: () => void): AsyncGenerator<Uint8Array> {
  for await (const piece of body ?? []) {
    alive();
    yield piece;
  }
}

function located(url: string): URL {
  const mirror = process.env[mirrorVariable];
  if (!mirror) return new URL(url);
  const { host, pathname } = new URL(url);
  return new URL(`${mirror.replace(/\/$/, "")}/${host}${pathname}`);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
