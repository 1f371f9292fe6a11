import type * as k8s from "@pulumi/kubernetes";
import { type SecretKey, secretName, secretPlaces } from "../../catalog/secrets";
import type { ParquetMetadataVolume } from "../foundation/storage";

/** What a volume is made of, as Kubernetes writes it. */
export interface VolumeSource extends Pick<k8s.types.input.core.v1.Volume, "persistentVolumeClaim" | "projected"> {
  readonly emptyDir?: { readonly sizeLimit: string };
}

/** A volume of a pod and where its containers find it: kept as one, so that neither is ever without the other. */
export interface VolumeUse {
  readonly name: string;
  /** What it is made of. */
  readonly source: VolumeSource;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly readOnly?: boolean;
}

/** Where the shared volume is mounted. */
export const parquetMetadataPath = "/storage/parquet-metadata";

/** Where secrets are when they come as files: one file for each, named by its key. */
export const secretsPath = "/mnt/secrets";

/** Where the processes of a server leave their metrics for each other. */
export const processMetricsPath = "/prometheus";

/** For images whose own home folder is read-only here, and whose libraries want to write there. */
export const writableHome = { name: "HOME", value: "/tmp" };

/** Writable space; a pod that writes more is evicted. */
export function scratchVolume(name: string, mountPath: string, sizeLimit: string): VolumeUse {
  return { name, source: { emptyDir: { sizeLimit } }, mountPath };
}

export function parquetMetadataVolume({ claim, subPath }: ParquetMetadataVolume, use: "read" | "write"): VolumeUse {
  return {
    name: "parquet-metadata",
    source: { persistentVolumeClaim: { claimName: claim } },
    mountPath: parquetMetadataPath,
    subPath,
    readOnly: use === "read",
  };
}

/** Secrets as files, from as many Secrets as they are in. */
export function secretsVolume(keys: readonly SecretKey[]): VolumeUse {
  const names = [...new Set(keys.map(secretName))];
  const sources = names.map((name) => {
    const inside = keys.filter((key) => secretName(key) === name).map((key) => secretPlaces[key].key);
    return { secret: { name, items: inside.map((key) => ({ key, path: key })) } };
  });
  return { name: "secrets", source: { projected: { sources } }, mountPath: secretsPath, readOnly: true };
}

/** What a pod says of its volumes. */
export function volumeSources(uses: readonly VolumeUse[]) {
  return uses.map(({ name, source }) => ({ name, ...source }));
}

/** What a container says of its volumes. */
export function volumeMounts(uses: readonly VolumeUse[]) {
  return uses.map(({ name, mountPath, subPath, readOnly }) => ({
    name,
    mountPath,
    ...(subPath && { subPath }),
    ...(readOnly && { readOnly }),
  }));
}
