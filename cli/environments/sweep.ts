import { errorText, UserError } from "../../cluster/userError";
import { confirmedOpen } from "./closed";
import { removeEnvironment } from "./down";
import { readOpen, type Target } from "./input";
import { listEnvironments, parametersOf, reasonToGo } from "./inventory";
import { openPlace } from "./place";

/**
 * Removes the environments whose pull request is not open, or whose time is over, one after the other; one that fails stops
 * no other. With `dryRun` it says what it would do.
 *
 * @throws at the end, with a list, when some could not be removed or have a damaged state.
 */
export async function environmentSweep(
  workspace: string,
  target: Target,
  { open: numbers, dryRun }: { readonly open: string | undefined; readonly dryRun: boolean },
): Promise<void> {
  const listed = readOpen(numbers);
  const place = await openPlace(workspace, target, "change");
  const now = new Date();
  const failures: string[] = [];
  let gone = 0;
  const environments = await listEnvironments(place.store);
  for (const { identity, damaged } of environments) {
    const parameters = await parametersOf(place.engine, identity);
    const open = await confirmedOpen(identity.number, listed, process.env, console.log);
    const reason = reasonToGo(identity, parameters, { open, now });
    if (reason === undefined) {
      console.log(`${identity.stack} stays until ${parameters.expires}`);
      if (damaged) failures.push(`${identity.stack}: its state is damaged: ${damaged}`);
      continue;
    }
    console.log(`${identity.stack} ${dryRun ? "would go" : "goes"}: ${reason}`);
    if (dryRun) continue;
    try {
      await removeEnvironment(place, identity);
      gone += 1;
    } catch (error) {
      const cause = errorText(error);
      console.error(`${identity.stack} could not be removed: ${cause}`);
      failures.push(`${identity.stack}: ${cause.split("\n")[0]}`);
    }
  }
  console.log(`${environments.length} environments looked at, ${gone} removed`);
  if (failures.length > 0) {
    throw new UserError(
      `${failures.length} need attention:\n${failures.map((failure) => `  ${failure}`).join("\n")}`,
      "ds pr down <number> for each; for one whose pull request is open, ds pr up after that",
    );
  }
}
