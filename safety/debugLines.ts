import * as log from "@pulumi/pulumi/log";

/**
 * Drops the debug lines of Pulumi's SDK. Those of a Secret hold its values in base64, and `pulumi --debug` or `--event-log`
 * would show them (decision 0013).
 */
export function dropDebugLines(): void {
  Object.assign(log, { debug: () => Promise.resolve() });
}
