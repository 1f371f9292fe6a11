/** Stands for a value that is not known yet, or that is secret. No rule asks for one. */
export const hiddenMarker = "[hidden]";

/** The keys of a Secret with markers for their values, of which only a blank one is told. */
export function hideValues(entries: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [key, String(value).trim() === "" ? "" : hiddenMarker]),
  );
}
