import { UserError } from "../../cluster/userError";
import { isInCi } from "../../tools/sources/trust";

/** From the next level on, Pulumi's log holds secrets: in base64 at first, in clear at the top. */
const highestSafe = 2;

/** Returns the level of Pulumi's log that flags ask for, as in `-v=3`, `-v 3`, `-v3` or `--verbose=3`; 0 when they ask for none. */
export function verbosity(flags: readonly string[], environment: NodeJS.ProcessEnv): number {
  const levels = flags.map((flag, index) => {
    const [, joined] = /^(?:-[a-zA-Z]*v|--verbose)=?(\d*)$/.exec(flag) ?? [];
    return Number(joined === "" ? (flags[index + 1] ?? 0) : (joined ?? 0));
  });
  return Math.max(0, ...levels.filter(Number.isFinite), Number(environment.PULUMI_OPTION_VERBOSE || 0));
}

/**
 * Checks that no verbose log is written in CI, where it is kept and read by many.
 *
 * @throws a UserError for a level at which the log would hold secrets.
 */
export function checkVerbosity(flags: readonly string[], environment: NodeJS.ProcessEnv): void {
  const level = verbosity(flags, environment);
  if (level <= highestSafe || !isInCi(environment)) return;
  throw new UserError(
    `-v=${level} would write secrets into the log of this CI run; allowed there: up to -v=${highestSafe}; no changes were made`,
    "lower it, or run the same command on a machine of your own",
  );
}
