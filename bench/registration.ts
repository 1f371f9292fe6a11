import { runProgram } from "../commands/program";

/** Prints the milliseconds from the start of this process to the last registration of stack prod, under mocks. */
void runProgram("prod").then(() => console.log(performance.now()));
