import { cachedPaths, installParts, type PartTable } from "./installer";
import { parts } from "./parts";
import type { CheckPartName, InstallOptions, OptionalPartName, PartName, TestPartName, Toolbox } from "./toolbox";

const {
  "pulumi-resource-aws": _provider,
  aws,
  moto_server,
  promtool: _alertTester,
  actionlint: _linter,
  "kube-score": _scanner,
  ...requiredParts
} = parts;

/**
 * Installs every missing part and the optional ones named by `with`.
 *
 * @throws InstallError when a part cannot be had from any source.
 */
export async function installTools(options: InstallOptions = {}): Promise<Toolbox> {
  const { with: optional = [], log = console.log } = options;
  const table: Record<string, PartTable[string]> = { ...requiredParts };
  for (const name of optional) table[name] = parts[name];
  await installParts(table, log);
  return findTools();
}

/**
 * The installed parts. Touches nothing but the cache folder.
 *
 * @throws when a part is missing.
 */
export function findTools(): Toolbox {
  const paths = cachedPaths(requiredParts);
  const missing = Object.keys(requiredParts).filter((name) => !paths.has(name));
  if (missing.length > 0) throw new Error(`not installed yet: ${missing.join(", ")}. Next: run \`make tools\`.`);
  const at = (name: PartName): string => paths.get(name) ?? "";
  return {
    pulumi: at("pulumi"),
    "pulumi-language-nodejs": at("pulumi-language-nodejs"),
    "pulumi-resource-kubernetes": at("pulumi-resource-kubernetes"),
    etcd: at("etcd"),
    "kube-apiserver": at("kube-apiserver"),
    "kube-controller-manager": at("kube-controller-manager"),
    "kube-scheduler": at("kube-scheduler"),
    kubectl: at("kubectl"),
    kwok: at("kwok"),
    kwokctl: at("kwokctl"),
    "prometheus-operator-crds": at("prometheus-operator-crds"),
    "kwok-stages": at("kwok-stages"),
  };
}

/**
 * The installed parts that only tests run.
 *
 * @throws when one is missing.
 */
export function findTestTools(): Readonly<Record<TestPartName, string>> {
  const paths = cachedPaths({ aws, moto_server });
  const [awsCli, motoServer] = [paths.get("aws"), paths.get("moto_server")];
  if (awsCli === undefined || motoServer === undefined) {
    throw new Error('the tests\' own tools are not installed yet. Next: run `make tools WITH="aws moto_server"`.');
  }
  return { aws: awsCli, moto_server: motoServer };
}

/**
 * Installs one part that `make check` runs, and nothing else, where it is missing.
 *
 * @throws InstallError when it cannot be had from any source.
 */
export async function installCheckTool(
  name: CheckPartName,
  log: (line: string) => void = console.log,
): Promise<string> {
  const table = { [name]: parts[name] };
  const installed = () => cachedPaths(table).get(name);
  const before = installed();
  if (before !== undefined) return before;
  await installParts(table, log);
  return installed() ?? "";
}

/** The executable of an optional part, or undefined when it was not installed. */
export function findOptionalTool(name: OptionalPartName): string | undefined {
  return cachedPaths({ [name]: parts[name] }).get(name);
}
