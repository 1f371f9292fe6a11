import * as assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { projectFolder } from "../../cli/lib/project";
import { resourceOf } from "../support/kubectl";
import { renderedStack, stacks } from "./policy/stacks";

const labels = z.record(z.string(), z.string()).default({});

const podTemplate = z.object({
  metadata: z.object({ labels }),
  spec: z.object({
    restartPolicy: z.string().optional(),
    containers: z.array(z.object({ name: z.string() })),
    initContainers: z.array(z.object({ name: z.string() })).default([]),
  }),
});

const rendered = z.object({
  kind: z.string(),
  metadata: z.object({ name: z.string(), namespace: z.string().optional(), labels }),
  spec: z
    .object({
      failedJobsHistoryLimit: z.number().optional(),
      template: podTemplate.optional().catch(undefined),
      jobTemplate: z.object({ spec: z.object({ backoffLimit: z.number(), template: podTemplate }) }).optional(),
    })
    .optional(),
});

type Rendered = z.infer<typeof rendered>;

/** The commands of cutover.md are about the chart's objects too; tests/e2e/cutover.test.ts runs them. */
const pages = ["README.md", ...readdirSync(path.join(projectFolder, "docs")).map((name) => `docs/${name}`)].filter(
  (file) => file.endsWith(".md") && file !== "docs/cutover.md",
);

/** What stands in a command for a name of the reader's. */
const placeholder = /<[^>]+>|\b(?:NAME|NAMESPACE|NODE|N)\b|\.\.\./;

const reading = ["delete", "describe", "get", "logs", "rollout", "scale", "set"];

/** Kinds that no stack makes, and that are on every cluster. */
const onEveryCluster = ["nodes", "persistentvolumes", "pods"];

describe("What the documentation tells people to look at with kubectl", () => {
  let objects: readonly Rendered[];

  before(async function () {
    this.timeout(30_000);
    const all = await Promise.all(stacks.map((stack) => renderedStack(stack)));
    objects = all.flatMap((stack) => stack.objects.map((object) => rendered.parse(object)));
  });

  it("is found in the objects of a stack, by its kind, name, labels and container", () => {
    const commands = pages.flatMap((file) => commandsOf(file).map((command) => ({ file, command })));
    assert.ok(commands.length > 30, `only ${commands.length} commands`);
    const wrong = commands.flatMap(({ file, command }) =>
      issuesOf(command, objects).map((issue) => `${file}: kubectl ${command}: ${issue}`),
    );
    assert.deepEqual(wrong, []);
  });

  it("would be missed with another name, label, container or kind", () => {
    const missed = [
      "logs -l application=<service>",
      "get pods -l app=datasets-server-prod-apis",
      "logs job/<release>-mongodb-migration-<tag> -c wait",
      "describe deploy/<release>-metrics",
      "get statefulsetz",
      "get ingress -n datasets",
    ].filter((command) => issuesOf(command, objects).length === 0);
    assert.deepEqual(missed, []);
  });

  it("is as many failed runs and tries of a scheduled job as it keeps", () => {
    const runbook = readFileSync(path.join(projectFolder, "docs/runbook.md"), "utf8").replace(/\s+/g, " ");
    const promise = /the last (\w+) that failed are kept, with the pod and log of each of their (\w+) tries/;
    const [, runs = "", tries = ""] = promise.exec(runbook) ?? [];
    const numbers = ["none", "one", "two", "three", "four", "five"];
    const jobs = objects.flatMap(({ spec }) =>
      spec?.jobTemplate ? [{ ...spec.jobTemplate.spec, kept: spec.failedJobsHistoryLimit }] : [],
    );
    assert.ok(jobs.length > 0);
    for (const { kept, backoffLimit, template } of jobs) {
      assert.deepEqual([numbers[kept ?? 1], numbers[backoffLimit + 1]], [runs, tries]);
      assert.equal(template.spec.restartPolicy, "Never");
    }
  });
});

/** The commands of kubectl in the code of a page, without its own name. */
function commandsOf(file: string): string[] {
  const text = readFileSync(path.join(projectFolder, file), "utf8");
  const fence = /^ *```.*\n([\s\S]*?)^ *```$/gm;
  const blocks = [...text.matchAll(fence)].flatMap(([, block = ""]) => block.split("\n"));
  const spans = [...text.replace(fence, "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code.replace(/\s+/g, " "));
  return [...blocks, ...spans].flatMap((code) =>
    [...code.matchAll(/\bkubectl ([^|#;]+)/g)].map(([, command = ""]) => command.split(/ {2,}/)[0] ?? ""),
  );
}

/** What of a command is not in these objects; nothing where it only looks at what no stack makes, or changes something else. */
function issuesOf(command: string, objects: readonly Rendered[]): string[] {
  const flag = (...names: readonly string[]) =>
    new RegExp(`(?:^| )(?:${names.join("|")})[ =]("[^"]*"|\\S+)`).exec(command)?.[1];
  const namespace = flag("-n", "--namespace");
  const container = flag("-c");
  const selector = flag("-l", "--selector");
  const [verb = "", ...rest] = command
    .replace(/(^| )(--context|--namespace|-n|-l|--selector|-c|-o)[ =]\S+/g, "")
    .split(" ")
    .filter((word) => word !== "" && !word.startsWith("-"));
  // The chart's objects are no stack's.
  if (!reading.includes(verb) || selector?.includes("managed-by=Helm")) return [];
  const target = rest.find((word) => !["env", "history", "restart", "status", "undo"].includes(word)) ?? "pods";
  const [kinds = "", ofKind] = target.split("/");
  const name = ofKind ?? rest[rest.indexOf(target) + 1];
  const isLike = (object: Rendered, resource: string) =>
    (name === undefined || textLike(name).test(object.metadata.name)) &&
    selects(selector, resource === "pods" ? podLabels(object) : object.metadata.labels) &&
    (container === undefined || containersOf(object).includes(container));
  const resources = kinds.split(",").map((kind) => (placeholder.test(kind) ? "pods" : resourceOf(kind)));
  if (resources.includes(undefined)) return [`no resource is called one of ${kinds}`];
  const isFound = resources.some(
    (resource = "") =>
      (onEveryCluster.includes(resource) && selector === undefined) ||
      objects.some(
        (object) =>
          (resource === "pods" || resourceOf(object.kind.toLowerCase()) === resource) && isLike(object, resource),
      ),
  );
  const inNamespace = (object: Rendered) =>
    textLike(namespace ?? "").test(
      object.kind === "Namespace" ? object.metadata.name : (object.metadata.namespace ?? ""),
    );
  return [
    ...(isFound ? [] : [`no ${kinds} of a stack is like that`]),
    ...(namespace === undefined || objects.some(inNamespace) ? [] : [`no stack is in ${namespace}`]),
  ];
}

function templateOf({ spec }: Rendered) {
  return spec?.template ?? spec?.jobTemplate?.spec.template;
}

/** The labels of the pods that an object makes; the controller of Jobs adds one. Undefined: it makes none. */
function podLabels(object: Rendered): Readonly<Record<string, string>> | undefined {
  const own = templateOf(object)?.metadata.labels;
  if (own === undefined) return undefined;
  return object.kind.endsWith("Job") ? { ...own, "job-name": object.metadata.name } : own;
}

function containersOf(object: Rendered): string[] {
  const { containers = [], initContainers = [] } = templateOf(object)?.spec ?? {};
  return [...containers, ...initContainers].map(({ name }) => name);
}

function selects(selector: string | undefined, has: Readonly<Record<string, string>> | undefined): boolean {
  if (selector === undefined) return true;
  return selector.split(",").every((pair) => {
    const [key = "", value] = pair.split(/==?/);
    const found = has?.[key];
    return found !== undefined && (value === undefined || textLike(value).test(found));
  });
}

/** The texts that a word of a command may stand for, with anything in the place of a placeholder. */
function textLike(word: string): RegExp {
  const pieces = word.split(placeholder).map((piece) => piece.replace(/[.+^${}()|[\]\\*?]/g, "\\$&"));
  return new RegExp(`^${pieces.join(".+")}$`);
}
