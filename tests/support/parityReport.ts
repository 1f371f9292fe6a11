import { stackFile } from "../../cli/lib/project";
import { table } from "../../cli/lib/table";
import { type Difference, differencesFromChart, productionObjects } from "./parity";
import { readConfig } from "./stackConfig";

/** The longest value that is shown; characters. */
const longest = 80;

/** Prints how stack prod, as its file is now, differs from the Helm chart's production. A report: no difference is an error. */
async function report(): Promise<void> {
  const objects = await productionObjects(readConfig(stackFile("prod")));
  const differences = sharedFirst(differencesFromChart(objects));
  const rows = differences.map(({ object, field, chart, ours }, index) => [
    object === differences[index - 1]?.object ? "" : object,
    field,
    shorten(chart),
    shorten(ours),
  ]);
  console.log(
    "Stack prod and the Helm chart's production (tests/fixtures/chart-prod.json); reasons: docs/differences.md",
  );
  console.log(table(["OBJECT", "FIELD", "CHART", "STACK PROD"], rows));
}

/** Has what several objects of a kind all differ in once, before what single ones do. */
function sharedFirst(differences: readonly Difference[]): Difference[] {
  const kindOf = ({ object }: Difference) => object.split(" ")[0] ?? "";
  return [...new Set(differences.map(kindOf))].flatMap((kind) => {
    const ofKind = differences.filter((one) => kindOf(one) === kind);
    const objects = [...new Set(ofKind.map(({ object }) => object))];
    const same = ({ field, chart, ours }: Difference) => JSON.stringify([field, chart, ours]);
    const isShared = (one: Difference) =>
      objects.length > 1 && ofKind.filter((other) => same(one) === same(other)).length === objects.length;
    return [
      ...ofKind
        .filter((one) => one.object === objects[0] && isShared(one))
        .map((one) => ({ ...one, object: `${kind} (${objects.length})` })),
      ...ofKind.filter((one) => !isShared(one)),
    ];
  });
}

function shorten(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

report().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
