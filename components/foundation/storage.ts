import { metadata, type Scope } from "../../catalog/names";
import { type BuiltObject, built } from "../objects";

/** The shared volume of parquet metadata. */
export interface ParquetMetadataVolume {
  readonly claim: string;
  /** The folder of the volume that this stack's files are in. */
  readonly subPath: string;
}

/** A claim that the stack makes. */
export interface ClaimArgs {
  /**
   * The class that provides it. On EFS one whose access points have uid 1000 and gid 3000: the pods then own their
   * files, without a container that runs as root to change their owner.
   */
  readonly storageClass: string;
  /** Such as 100Gi; EFS itself has no size. */
  readonly size: string;
}

/** The claim of the shared volume of parquet metadata, which pods on many nodes read and write; `keep` protects it. */
export function parquetMetadataClaim(
  scope: Scope,
  { claim }: ParquetMetadataVolume,
  { storageClass, size }: ClaimArgs,
  { keep }: { readonly keep: boolean },
): BuiltObject<"PersistentVolumeClaim"> {
  return built(
    "PersistentVolumeClaim",
    {
      metadata: metadata(scope, "parquet-metadata", { name: claim }),
      spec: {
        accessModes: ["ReadWriteMany"],
        storageClassName: storageClass,
        resources: { requests: { storage: size } },
      },
    },
    { id: `${scope.release}-parquet-metadata`, protect: keep },
  );
}
