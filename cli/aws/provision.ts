/** One thing that must be so: what it was found to be, and what was done about it. */
export interface Finding {
  readonly what: string;
  readonly was: string;
  readonly did: "left alone" | "created" | "set";
}

/** One property of something in AWS that must have a value. */
export interface Property {
  readonly what: string;
  /** Tells what it is, in words, and whether that is as safe as it must be. */
  readonly look: () => Promise<{ readonly is: string; readonly right: boolean }>;
  readonly set: () => Promise<unknown>;
}

/** Sets those properties that are not right, one after another; a second time there is nothing to set. */
export async function settle(properties: readonly Property[], report: (finding: Finding) => void): Promise<void> {
  for (const { what, look, set } of properties) {
    const { is, right } = await look();
    if (!right) await set();
    report({ what, was: is, did: right ? "left alone" : "set" });
  }
}
