import * as log from "@pulumi/pulumi/log";

/**
 * Has the engine's SDK leave out what it notes of every registration for its own developers: a third of a preview's time.
 *
 * - Debug lines: each is a call to the engine, and with `pulumi --debug` or `--event-log` those of a Secret show, in
 *   base64, what is in it.
 * - Stack traces of its promises and registrations: dozens for each object, each mapped to lines of TypeScript. The
 *   errors it takes them from have no message; an error that says something keeps its trace.
 */
export function leaveOutSdkRecords(): void {
  Object.assign(log, { debug: () => Promise.resolve() });
  const format = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, frames) =>
    error.message === "" ? "" : (format?.(error, frames) ?? [error, ...frames].join("\n    at "));
}
