import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { explaining, ifPresent } from "../../cluster/awsErrors";
import type { FileState, S3State, StateAddress } from "../lib/stateAddress";

/** The files of a state as Pulumi wrote them, by their keys, such as `.pulumi/locks/...`. */
export interface StateStore {
  /** The keys in a folder, which ends with a slash, of names that start with `start`. Default: of all names. */
  list(folder: string, start?: string): Promise<readonly string[]>;
  /** A file's text; undefined when it is not there. */
  read(key: string): Promise<string | undefined>;
  /** Earlier texts of a file, the latest first; none where the state keeps no versions. */
  versions(key: string): Promise<readonly Version[]>;
  /** Writes a file, whole or not at all. */
  write(key: string, text: string): Promise<void>;
  /** Removes a file, if it is there. */
  remove(key: string): Promise<void>;
}

/** What a file once was. */
export interface Version {
  /** When it was written, as in 2026-07-01T10:00:00.000Z. */
  readonly written: string;
  read(): Promise<string | undefined>;
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
    versions: async () => [],
    write: async (key, text) => {
      const file = path.join(folder, key);
      await writeFile(`${file}.${process.pid}`, text, { mode: 0o600 });
      await rename(`${file}.${process.pid}`, file);
    },
    remove: async (key) => {
      // Pulumi's storage library keeps what it knows of a file beside it.
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
  const { paginateListObjectsV2 } = await import("@aws-sdk/client-s3");
  const { s3Client } = await import("../aws/clients");
  const client = s3Client(address);
  const { bucket: Bucket, prefix } = address;
  const about = `state bucket ${Bucket}`;
  const read = (key: string, VersionId?: string) =>
    explaining(`read ${key} in ${about}`, async () => {
      const found = await ifPresent("NoSuchKey", () => client.getObject({ Bucket, Key: prefix + key, VersionId }));
      return found?.Body?.transformToString();
    });
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
    read: (key) => read(key),
    versions: (key) =>
      explaining(`list versions of ${key} in ${about}`, async () => {
        // The first page has the latest thousand.
        const { Versions = [] } = await client.listObjectVersions({ Bucket, Prefix: prefix + key });
        return Versions.filter(({ Key, IsLatest }) => Key === prefix + key && !IsLatest).map(
          ({ VersionId, LastModified }) => ({
            written: LastModified?.toISOString() ?? "an unknown time",
            read: () => read(key, VersionId),
          }),
        );
      }),
    write: (key, text) =>
      explaining(`write ${key} in ${about}`, async () => {
        await client.putObject({ Bucket, Key: prefix + key, Body: text });
      }),
    remove: (key) =>
      explaining(`remove ${key} in ${about}`, async () => {
        await client.deleteObject({ Bucket, Key: prefix + key });
      }),
  };
}
