/** Returns the word that is closest to a typed one; undefined when none is close. */
export function closest<Word extends string>(typed: string, words: readonly Word[]): Word | undefined {
  const lower = typed.toLowerCase();
  // A typo or two, and more in a long word.
  const mostTypos = Math.max(2, Math.floor(typed.length / 5));
  const distances = words.map((word) => ({ word, distance: editDistance(lower, word.toLowerCase()) }));
  const close = distances.filter(
    ({ word, distance }) => distance <= mostTypos || (lower !== "" && word.toLowerCase().startsWith(lower)),
  );
  return close.sort((left, right) => left.distance - right.distance)[0]?.word;
}

/** How many characters must be added, removed or replaced to make one text the other. */
function editDistance(from: string, to: string): number {
  let distances = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, character] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (distances[column] ?? 0) + (character === other ? 0 : 1);
      next.push(Math.min(replaced, (distances[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    distances = next;
  }
  return distances[to.length] ?? 0;
}
