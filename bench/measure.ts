import { run } from "../tools/run";

/** A command line to be timed, in a folder and an environment. */
export interface TimedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Exit codes that are no failure. Default: 0. */
  readonly mayEndWith?: readonly number[];
}

/** Runs a command and returns its wall time in seconds; throws, with what it said, when it fails. */
export async function seconds({ command, args, cwd, env, mayEndWith = [0] }: TimedCommand): Promise<number> {
  const start = performance.now();
  const { code, stdout, stderr } = await run(command, args, { cwd, env });
  if (!mayEndWith.includes(code)) {
    throw new Error(`${command} ${args.join(" ")} ended with exit code ${code}\n${stdout}${stderr}`);
  }
  return (performance.now() - start) / 1000;
}

/** Times commands in turn, A B A B ..., so that a machine that gets slower does so for all; one round warms up. */
export async function inTurn(rounds: number, commands: readonly TimedCommand[]): Promise<number[][]> {
  const times: number[][] = commands.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, command] of commands.entries()) {
      const time = await seconds(command);
      if (round > 0) {
        times[index]?.push(time);
      }
    }
  }
  return times;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}
