import { type ConfigIssue, configKey, unexpected } from "./issues";
import type { StackFile } from "./schema";
import type { StackIdentity } from "./stacks";

/** What the two endpoints may not have in common: with one of these alike, one of them answers for the other. */
export function endpointIssues(_: StackIdentity, { ingress }: Pick<StackFile, "ingress">): ConfigIssue[] {
  const { public: open, internal } = ingress;
  if (internal === undefined) {
    return [];
  }
  const alike = [
    { at: ["host"], values: [open.host, internal.host] },
    { at: ["loadBalancer", "name"], values: [open.loadBalancer.name, internal.loadBalancer.name] },
    { at: ["loadBalancer", "group"], values: [open.loadBalancer.group, internal.loadBalancer.group] },
  ];
  return alike
    .filter(({ values: [one, other] }) => one === other)
    .map(({ at, values: [value] }) => ({
      key: configKey(["ingress", "internal", ...at]),
      message: unexpected(value, `any but that of ${configKey(["ingress", "public", ...at])}`),
    }));
}
