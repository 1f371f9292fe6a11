import { findTools } from "../../../tools/install";
import { cleanUp } from "./world";

/** Fails before the first test when a tool is missing that no test can do without. */
export function mochaGlobalSetup(): void {
  findTools();
}

export const mochaGlobalTeardown = cleanUp;
