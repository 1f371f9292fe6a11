import { instance } from "@viz-js/viz";
import { allPods, type Box, type Drawing, type Flow } from "./drawing";

/** Colours for a light and a dark page, by what a box is. */
const colours: Readonly<Record<Box["kind"], { readonly light: string; readonly dark: string }>> = {
  outside: { light: "#eef1f4", dark: "#2a313a" },
  balancer: { light: "#dbeafe", dark: "#1e3a5f" },
  pods: { light: "#fff4d6", dark: "#4a3b12" },
  data: { light: "#dcf5e3", dark: "#1d4429" },
};

/** Draws as SVG: the same text for the same drawing, on every machine. */
export async function draw(drawing: Drawing): Promise<string> {
  const viz = await instance();
  const svg = viz.renderString(graphOf(drawing), { format: "svg" });
  const head = `>\n<title>${escaped(drawing.title)}</title>\n${style()}`;
  return `${svg
    .slice(svg.indexOf("<svg"))
    .replace(">", () => head)
    .trim()}\n`;
}

function graphOf({ title, boxes, flows }: Drawing): string {
  const inside = boxes.filter(({ kind }) => kind === "pods");
  const [first] = inside;
  const lines = [
    "digraph {",
    'compound=true rankdir=TB nodesep=0.3 ranksep=0.55 bgcolor=transparent pad=0.15 fontname="Helvetica" fontsize=12',
    'node [shape=box style="rounded,filled" fontname="Helvetica" fontsize=12 margin="0.14,0.08"]',
    'edge [fontname="Helvetica" fontsize=11 arrowsize=0.7]',
    ...(first ? [`subgraph "cluster_pods" { style="rounded" labeljust=r label=${quoted(title)}`] : []),
    ...inside.map(nodeOf),
    ...(first ? ["}"] : []),
    ...boxes.filter(({ kind }) => kind !== "pods").map(nodeOf),
    ...flows.map((flow) => edgeOf(flow, first?.id ?? "")),
    "}",
  ];
  return lines.join("\n");
}

function nodeOf({ id, kind, title, lines }: Box): string {
  const rows = lines.map((line) => `<BR ALIGN="LEFT"/>${escaped(line)}`).join("");
  const end = lines.length > 0 ? '<BR ALIGN="LEFT"/>' : "";
  return `${quoted(id)} [class=${quoted(kind)} label=<<B>${escaped(title)}</B>${rows}${end}>]`;
}

/** An edge of all pods starts or ends at the border around them; Graphviz wants one of them for it. */
function edgeOf({ from, to, label, isMain }: Flow, anyPods: string): string {
  const ends = [from, to].map((end) => quoted(end === allPods ? anyPods : end)).join(" -> ");
  const padded = label.split("\n").map((line) => `  ${line}  `);
  const attributes = [
    `label=${quoted(padded.join("\n"))}`,
    ...(from === allPods ? ["ltail=cluster_pods"] : []),
    ...(to === allPods ? ["lhead=cluster_pods"] : []),
    ...(isMain ? ["weight=10"] : []),
  ];
  return `${ends} [${attributes.join(" ")}]`;
}

function style(): string {
  const rules = (mode: "light" | "dark", ink: string, page: string) =>
    [
      `svg { background: ${page}; font-family: Helvetica, Arial, sans-serif; }`,
      `text { fill: ${ink}; font-family: inherit; }`,
      `.node path, .node polygon, .cluster path { stroke: ${ink}; stroke-opacity: 0.35; }`,
      ".cluster path { fill: none; }",
      `.edge path, .edge polygon { stroke: ${ink}; stroke-opacity: 0.6; }`,
      `.edge polygon { fill: ${ink}; fill-opacity: 0.6; }`,
      ...Object.entries(colours).map(([kind, colour]) => `.node.${kind} path { fill: ${colour[mode]}; }`),
    ].join("\n");
  const dark = `@media (prefers-color-scheme: dark) {\n${rules("dark", "#e6edf3", "#0d1117")}\n}`;
  return `<style>\n${rules("light", "#1f2328", "#ffffff")}\n${dark}\n</style>`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
