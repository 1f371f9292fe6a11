import { createHash } from "node:crypto";
import { metadata, objectName, type Scope } from "../../catalog/names";
import { type BuiltObject, built } from "../objects";

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string>>;

/** What one ConfigMap of settings is made of. */
export interface SettingsArgs {
  readonly scope: Scope;
  /** Names the group, as in settings-log. */
  readonly component: string;
  readonly variables: Variables;
}

/**
 * The name of a settings ConfigMap: it ends in a hash of the content.
 *
 * Changed settings thus make another ConfigMap, and pods that still run the old version keep the old one.
 */
export function settingsName({ scope, component, variables }: SettingsArgs): string {
  const content = JSON.stringify(Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1)));
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  return objectName(scope, `${component}-${hash}`);
}

/**
 * An immutable ConfigMap of settings.
 *
 * The hash is in Pulumi's name for it too: going back to earlier settings after a failed rollout then finds the earlier
 * ConfigMap in place, where a replaced one of the same Pulumi name would be waiting for its deletion.
 */
export function settingsConfigMap(args: SettingsArgs): BuiltObject<"ConfigMap"> {
  return built("ConfigMap", {
    metadata: metadata(args.scope, args.component, { name: settingsName(args) }),
    immutable: true,
    data: { ...args.variables },
  });
}
