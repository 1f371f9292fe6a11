import { readdir, readFile, rm } from "node:fs/promises";
import * as path from "node:path";
import type { FileState, S3State, StateAddress } from "./address";

/** The files of a state as the engine wrote them, by their keys, such as `.pulumi/locks/...`. */
export interface StateStore {
  /** The keys in a folder, which ends with a slash, of names that start with `start`. Default: of all names. */
  list(folder: string, start?: string): Promise<readonly string[]>;
  /** A file's text; undefined when it is not there. */
  read(key: string): Promise<string | undefined>;
  /** Removes a file, if it is there. */
  remove(key: string): Promise<void>;
}

/**
 * Opens the state at an address. Asks nothing of it yet.
 *
 * Each method throws with the cause and the next step when the state cannot be reached.
 */
export async function openStore(address: StateAddress): Promise<StateStore> {
  return address.kind === "file" ? fileStore(address) : s3Store(address);
}

function fileStore({ folder }: FileState): StateStore {
  return {
    list: async (within, start = "") => {
      const names = await readdir(path.join(folder, within)).catch(unlessMissing([]));
      return names.filter((name) => name.startsWith(start)).map((name) => within + name);
    },
    read: (key) => readFile(path.join(folder, key), "utf8").catch(unlessMissing(undefined)),
    remove: async (key) => {
      // The engine's own library keeps what it knows of a file beside it.
      for (const name of [key, `${key}.attrs`]) await rm(path.join(folder, name), { force: true });
    },
  };
}

function unlessMissing<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return instead;
    throw error;
  };
}

async function s3Store(address: S3State): Promise<StateStore> {
  const { DeleteObjectCommand, GetObjectCommand, NoSuchKey, paginateListObjectsV2 } = await import(
    "@aws-sdk/client-s3"
  );
  const { s3Client } = await import("../aws/clients");
  const { explaining } = await import("../aws/faults");
  const client = s3Client(address);
  const { bucket: Bucket, prefix } = address;
  const about = `state bucket ${Bucket}`;
  return {
    list: (folder, start = "") =>
      explaining(`list ${folder} in ${about}`, async () => {
        const keys: string[] = [];
        const pages = paginateListObjectsV2({ client }, { Bucket, Prefix: prefix + folder + start });
        for await (const { Contents = [] } of pages) {
          keys.push(...Contents.flatMap(({ Key }) => (Key === undefined ? [] : [Key.slice(prefix.length)])));
        }
        return keys;
      }),
    read: (key) =>
      explaining(`read ${key} in ${about}`, async () => {
        try {
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: prefix + key }));
          return await Body?.transformToString();
        } catch (error) {
          if (error instanceof NoSuchKey) return undefined;
          throw error;
        }
      }),
    remove: (key) =>
      explaining(`remove ${key} in ${about}`, async () => {
        await client.send(new DeleteObjectCommand({ Bucket, Key: prefix + key }));
      }),
  };
}
