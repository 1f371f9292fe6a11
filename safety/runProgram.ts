import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../cluster/userError";
import { redact } from "./redaction";

/** Runs the program. What ends it with a UserError is shown with its next step, and without a stack trace. */
export async function runProgram<T>(program: () => Promise<T>): Promise<T> {
  try {
    return await program();
  } catch (error) {
    if (error instanceof UserError) throw shownByPulumi(error);
    // An API server may repeat an object, Secrets too, in what it says of it.
    if (error instanceof Error) [error.message, error.stack] = [redact(error.message), redact(error.stack ?? "")];
    throw error;
  }
}

/** Pulumi shows the message of a RunError, and nothing else of it. */
function shownByPulumi(error: UserError): pulumi.RunError {
  const shown = new pulumi.RunError(redact(error.toString()));
  // Pulumi's Node.js host formats even a stack that it hides, and some Node.js 20 take 14 s over that.
  shown.stack = "";
  return shown;
}
