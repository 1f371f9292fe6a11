import "@pulumi/pulumi";

const start = performance.now();

/** Prints the milliseconds from loading the program, the engine's SDK being loaded, to prod's last registration. */
void import("../commands/program")
  .then(({ runProgram }) => runProgram("prod"))
  .then(() => console.log(performance.now() - start));
