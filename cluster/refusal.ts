import * as pulumi from "@pulumi/pulumi";

/** Ends the program with a message for its user: what is wrong, and what to do. No stack trace is shown with it. */
export class Refusal extends pulumi.RunError {
  constructor(message: string) {
    super(message);
    // The engine's Node.js host formats even a stack that it hides, and some Node.js 20 take 14 s over that.
    this.stack = "";
  }
}
