import { CommanderError } from "commander";
import { errorText } from "../cluster/userError";
import { useProxies } from "../network/proxies";
import { redactConsole } from "../safety/redaction";
import { createProgram, exitCodes, splitAtDashes } from "./commandLine";
import { red } from "./lib/style";

/** Runs a command line. Whatever goes wrong is said on stderr, and the exit code tells its kind. */
async function main(argv: readonly string[]): Promise<void> {
  const { own, passed } = splitAtDashes(argv);
  try {
    await useProxies();
    await createProgram(passed).parseAsync([...own], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said what is wrong; asked for help or the version, it ends with 0.
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
      return;
    }
    console.error(`${red("error:", process.stderr)} ${errorText(error)}`);
    process.exitCode = exitCodes.failed;
  }
}

// The reader of the output has enough, as `head` has: what runs goes on to its end.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

redactConsole();
void main(process.argv.slice(2));
