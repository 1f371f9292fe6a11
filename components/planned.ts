/**
 * Calls back in a preview when the engine has planned all of it, deletions included; what that throws fails the preview.
 *
 * Deletions are planned after the program. The SDK waits for them once there is nothing left to do, of which Node.js tells
 * it: the first time it only lets others go before it, the second time it waits. So the third time is ours.
 */
export function whenPlanned(tell: () => void): void {
  let idle = 0;
  process.on("beforeExit", () => {
    idle += 1;
    if (idle < 3) {
      setImmediate(() => undefined);
    } else if (idle === 3) {
      tell();
    }
  });
}
