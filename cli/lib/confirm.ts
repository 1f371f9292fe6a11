import { createInterface } from "node:readline/promises";

/** Asks at this terminal. Only y or yes is a yes; Ctrl-C and Ctrl-D are a no. */
export async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`${question} [y/N] `).catch(() => "no");
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
