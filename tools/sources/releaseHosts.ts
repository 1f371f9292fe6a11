import { createWriteStream } from "node:fs";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Set to a base URL to get releases from a mirror: a release at https://HOST/PATH is then looked for at BASE/HOST/PATH. */
export const mirrorVariable = "DATASETS_SERVER_RELEASE_MIRROR";

export interface ReleaseHosts {
  /** Gets a small text. @throws ReleaseUnavailable */
  text(url: string): Promise<string>;
  /** Gets a file. @throws ReleaseUnavailable */
  file(url: string, destination: string): Promise<void>;
  /**
   * Whether others could change an answer on its way: a mirror over plain http that is on another machine.
   *
   * Such a file needs a checksum that does not come the same way.
   */
  isOpenToChange(url: string): boolean;
  /** Makes every later request to this URL's host fail at once. */
  distrust(url: string, why: string): void;
}

/** A release could not be had; the message says why, and other sources may still work. */
export class ReleaseUnavailable extends Error {}

export interface ReleaseLimits {
  /** Milliseconds until a host must have answered. */
  readonly answerMs: number;
  /** Milliseconds that a started download may stand still. */
  readonly stallMs: number;
}

const defaultLimits: ReleaseLimits = { answerMs: 4_000, stallMs: 20_000 };
const tries = 2;
const loopback: readonly string[] = ["127.0.0.1", "[::1]", "localhost"];

type Read<T> = (response: Response, alive: () => void) => Promise<T>;
type Get = <T>(url: string, read: Read<T>, onAnswer: () => void) => Promise<T>;

/** The hosts of official releases. One that fails or hangs is reported once and not asked again in this run. */
export function createReleaseHosts(log: (line: string) => void, limits: ReleaseLimits = defaultLimits): ReleaseHosts {
  const failed = new Map<string, string>();

  const distrust = (url: string, why: string): void => {
    const { host } = new URL(located(url));
    if (!failed.has(host)) log(`  ${host}: ${why}; not asked again in this run`);
    failed.set(host, why);
  };

  const once: Get = async (url, read, onAnswer) => {
    const deadline = createDeadline();
    try {
      deadline.set(limits.answerMs);
      const response = await fetch(url, { signal: deadline.signal });
      if (response.status === 404) throw new ReleaseUnavailable(`${url} does not exist (HTTP 404)`);
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      onAnswer();
      deadline.set(limits.stallMs);
      return await read(response, () => deadline.set(limits.stallMs));
    } finally {
      deadline.clear();
    }
  };

  const get = async <T>(url: string, read: Read<T>): Promise<T> => {
    const address = new URL(located(url));
    const before = failed.get(address.host);
    if (before !== undefined) throw new ReleaseUnavailable(`${address.host}: ${before}`);
    for (let triesLeft = tries; ; ) {
      triesLeft -= 1;
      let answered = false;
      try {
        return await once(address.href, read, () => {
          answered = true;
        });
      } catch (error) {
        if (error instanceof ReleaseUnavailable) throw error;
        // Only a download that broke off is worth a second try; a host that does not answer is not.
        if (answered && triesLeft > 0) continue;
        const why = failureOf(error);
        distrust(url, why);
        throw new ReleaseUnavailable(`${address.host}: ${why}`);
      }
    }
  };

  return {
    distrust,
    isOpenToChange: (url) => {
      const { protocol, hostname } = new URL(located(url));
      return protocol !== "https:" && !loopback.includes(hostname);
    },
    text: (url) => get(url, (response) => response.text()),
    file: (url, destination) =>
      get(url, async (response, alive) => {
        if (response.body === null) throw new Error("empty answer");
        await pipeline(Readable.fromWeb(response.body), passThrough(alive), createWriteStream(destination));
      }),
  };
}

function located(url: string): string {
  const mirror = process.env[mirrorVariable];
  if (!mirror) return url;
  const { host, pathname } = new URL(url);
  return `${mirror.replace(/\/$/, "")}/${host}${pathname}`;
}

function createDeadline() {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const clear = () => clearTimeout(timer);
  return {
    signal: controller.signal,
    clear,
    set(ms: number) {
      clear();
      timer = setTimeout(() => controller.abort(new Error(`no answer within ${ms / 1000} s`)), ms);
    },
  };
}

function passThrough(onChunk: () => void): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      onChunk();
      done(null, chunk);
    },
  });
}

function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
