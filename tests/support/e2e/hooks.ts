import { findTools } from "../../../tools/install";
import { cleanUp } from "./world";

/** Fails before the first test when a tool is missing that no test can do without. */
export function mochaGlobalSetup(): void {
  findTools(["deploy", "cluster", "test"]);
}

/** Two files run at a time, each in a process that cleans up after each of its files. */
export const mochaHooks = { afterAll: cleanUp };
