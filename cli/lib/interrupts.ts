/**
 * Waits for a child that has this terminal. An interrupt typed there reaches both processes, and only the child may decide
 * whether it ends: Pulumi first writes its state.
 */
export async function leavingInterruptsToTheChild<T>(action: () => Promise<T>): Promise<T> {
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  try {
    return await action();
  } finally {
    process.off("SIGINT", ignore);
  }
}
