import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../cluster/userError";

/** Runs the program. What ends it with a UserError is shown with its next step, and without a stack trace. */
export async function runProgram<T>(program: () => Promise<T>): Promise<T> {
  try {
    return await program();
  } catch (error) {
    throw error instanceof UserError ? shownByPulumi(error) : error;
  }
}

/** Pulumi shows the message of a RunError, and nothing else of it. */
function shownByPulumi(error: UserError): pulumi.RunError {
  const shown = new pulumi.RunError(error.toString());
  // Pulumi's Node.js host formats even a stack that it hides, and some Node.js 20 take 14 s over that.
  shown.stack = "";
  return shown;
}
