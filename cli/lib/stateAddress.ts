import os from "node:os";
import path from "node:path";
import { UserError } from "../../cluster/userError";

/** Where Pulumi keeps the state of stacks, taken from an address such as it reads in PULUMI_BACKEND_URL. */
export type StateAddress = FileState | S3State;

export interface FileState {
  readonly kind: "file";
  readonly folder: string;
}

export interface S3State {
  readonly kind: "s3";
  readonly bucket: string;
  /** What every key starts with, such as `team/`. Default: nothing. */
  readonly prefix: string;
  /** Default: what AWS' own settings say. */
  readonly region?: string;
  /** Another server than Amazon's. Default: none. */
  readonly endpoint?: string;
  readonly profile?: string;
  /** Whether the bucket is named in the path of requests and not in their host; servers other than Amazon's need it. */
  readonly pathStyle: boolean;
}

/**
 * Reads the address of a state as Pulumi does: `file://FOLDER`, or `s3://BUCKET/PREFIX?region=...`.
 *
 * @throws for every other kind of address.
 */
export function parseStateAddress(address: string): StateAddress {
  if (address.startsWith("file://")) {
    return { kind: "file", folder: folderOf(address) };
  }
  if (!address.startsWith("s3://")) {
    throw new UserError(
      `the state's address is ${address}, and this command knows s3:// and file:// only`,
      "unset PULUMI_BACKEND_URL, and the one of Pulumi.yaml counts",
    );
  }
  const { hostname: bucket, pathname, searchParams } = new URL(address);
  const folders = pathname.split("/").filter((folder) => folder !== "");
  const optional = (key: "endpoint" | "profile" | "region") => {
    const value = searchParams.get(key);
    return value ? { [key]: value } : {};
  };
  return {
    kind: "s3",
    bucket,
    prefix: folders.map((folder) => `${folder}/`).join(""),
    pathStyle: ["s3ForcePathStyle", "use_path_style"].some((key) => searchParams.get(key) === "true"),
    ...optional("region"),
    ...optional("endpoint"),
    ...optional("profile"),
  };
}

function folderOf(address: string): string {
  const [written = ""] = address.slice("file://".length).split("?");
  const named = decodeURIComponent(written);
  return named.startsWith("~") ? path.join(os.homedir(), named.slice(1)) : path.resolve(named);
}
