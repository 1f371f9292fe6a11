/** The lines an install prints: one for each tool when it is done, and one before a build that may take minutes. */
export interface Progress {
  starting(name: string, version: string, doing: string): void;
  done(name: string, version: string, source: string, startedMs: number): void;
}

const nameWidth = 35;
const sourceWidth = 22;

/** Counts finished tools up to `total`. */
export function createProgress(total: number, alreadyDone: number, log: (line: string) => void): Progress {
  let finished = alreadyDone;
  const width = String(total).length;
  const nameAndVersion = (name: string, version: string) => `${name} ${version}`.padEnd(nameWidth);
  return {
    starting: (name, version, doing) => {
      log(`  ${" ".repeat(2 * width + 3)} ${nameAndVersion(name, version)} ${doing} ...`);
    },
    done: (name, version, source, startedMs) => {
      finished += 1;
      const count = `[${String(finished).padStart(width)}/${total}]`;
      const time = formatDuration(Date.now() - startedMs);
      log(`  ${count} ${nameAndVersion(name, version)} ${source.padEnd(sourceWidth)} ${time}`);
    },
  };
}

/** 850 ms is "0.9s", 4 minutes and 2 seconds is "4m 02s", 30 hours are "30h 00m". */
export function formatDuration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}m ${twoDigits(seconds % 60)}s`
    : `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
}

function twoDigits(count: number): string {
  return String(count).padStart(2, "0");
}
